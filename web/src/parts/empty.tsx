import type { ComponentChildren } from "preact";

interface Props {
  readonly title: string;
  readonly hint: string;
  /** Whether the page has a heading above it; otherwise the title is the page's heading. */
  readonly below?: boolean;
  readonly children: ComponentChildren;
}

/** The content of a step that has nothing to show yet: the reason, and what to do. */
export const Empty = ({ title, hint, below = false, children }: Props) => (
  <div class="empty">
    <svg viewBox="0 0 120 72" aria-hidden="true">
      <rect x="1" y="1" width="118" height="70" rx="8" />
      <path d="M16 20h58M16 36h72M16 52h40" />
      <path class="accent" d="M90 20h14M98 36h6M72 52h32" />
    </svg>
    {below ? <h2>{title}</h2> : <h1>{title}</h1>}
    <p>{hint}</p>
    <div class="actions">{children}</div>
  </div>
);
