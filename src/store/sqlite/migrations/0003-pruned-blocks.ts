/** How many events retention took out of a block, so that a hole that nobody made on purpose shows. */
export const sql = `
CREATE TABLE pruned_blocks (
  block INTEGER PRIMARY KEY,
  events INTEGER NOT NULL
);
`;
