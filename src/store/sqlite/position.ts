/**
 * Where a row is. `pos` = tenant number × 2^36 + seq, so the rowid orders by tenant and seq; a block
 * is 1024 neighboring positions. Every number stays a safe integer.
 */
const SEQS_PER_TENANT = 2 ** 36;
const BLOCK_SEQS = 1024;
const BLOCKS_PER_TENANT = SEQS_PER_TENANT / BLOCK_SEQS;

/** The largest tenant number whose positions are safe integers. */
export const TENANT_NO_MAX = 2 ** 17 - 1;

export function posOf(tenantNo: number, seq: number): number {
  return tenantNo * SEQS_PER_TENANT + seq;
}

export function seqOf(pos: number): number {
  return pos % SEQS_PER_TENANT;
}

export function blockOf(pos: number): number {
  return Math.floor(pos / BLOCK_SEQS);
}

/** The first and the last position of a block. Position 0 of a tenant is never used. */
export function firstPosOf(block: number): number {
  return block * BLOCK_SEQS;
}

export function lastPosOf(block: number): number {
  return block * BLOCK_SEQS + BLOCK_SEQS - 1;
}

/** The first block of a tenant. */
export function firstBlockOf(tenantNo: number): number {
  return tenantNo * BLOCKS_PER_TENANT;
}

/** The block of a tenant's next event: the one that is not complete, and has no views yet. */
export function openBlockOf(tenantNo: number, head: number): number {
  return blockOf(posOf(tenantNo, head + 1));
}

/** How many events a complete block holds; a tenant's first one lacks position 0. */
export function blockEvents(block: number): number {
  return block % BLOCKS_PER_TENANT === 0 ? BLOCK_SEQS - 1 : BLOCK_SEQS;
}
