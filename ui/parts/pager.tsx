interface Props {
  /** What is paged, for readers of screens. */
  name: string;
  page: number;
  isLast: boolean;
  /** Where they are counted. */
  pages?: number;
  go(page: number): void;
}

/** From newer to older pages and back; nothing where there is one. */
export function Pager({ name, page, isLast, pages, go }: Props) {
  if (page <= 1 && isLast) return null;
  return (
    <nav className="pager" aria-label={`Pages of ${name}`}>
      <button type="button" className="button" disabled={page <= 1} onClick={() => go(page - 1)}>
        Newer
      </button>
      {pages === undefined ? null : (
        <span className="soft">
          {page} of {pages}
        </span>
      )}
      <button type="button" className="button" disabled={isLast} onClick={() => go(page + 1)}>
        Older
      </button>
    </nav>
  );
}
