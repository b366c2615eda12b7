/**
 * The rows that projections fold: the document by key, the places where it stands, and per view how
 * far the log is folded in. A cursor of -1 says that the older rows are being thrown away.
 */
export const sql = `
CREATE TABLE view_cursors (
  tenant_no INTEGER NOT NULL,
  view TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tenant_no, view)
) WITHOUT ROWID;
CREATE TABLE view_rows (
  tenant_no INTEGER NOT NULL,
  view TEXT NOT NULL,
  key TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (tenant_no, view, key)
) WITHOUT ROWID;
CREATE TABLE view_entries (
  tenant_no INTEGER NOT NULL,
  view TEXT NOT NULL,
  list TEXT NOT NULL,
  sort TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (tenant_no, view, list, sort, key)
) WITHOUT ROWID;
`;
