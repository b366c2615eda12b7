/** Named bytes beside the log of a tenant: tiles, checkpoints, keys. */
export const sql = `
CREATE TABLE blobs (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX blobs_by_name ON blobs (tenant, name);
`;
