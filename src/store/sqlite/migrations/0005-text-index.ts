/**
 * Bits of the grams in summaries and resource ids: by block for the newest, and turned, a slice of each
 * bit over 64 blocks, once those are complete. A block from before has empty bits: it may hold anything.
 */
export const sql = `
CREATE TABLE text_blocks (
  block INTEGER PRIMARY KEY,
  bits BLOB NOT NULL
) STRICT;
CREATE TABLE text_slices (
  key INTEGER PRIMARY KEY,
  bits BLOB NOT NULL
) STRICT;
INSERT INTO text_blocks SELECT block, x'' FROM blocks;
`;
