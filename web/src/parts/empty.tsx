import type { ComponentChildren } from "preact";

/** The content of a step that has nothing to show yet: the reason, and what to do. */
export const Empty = ({ title, hint, children }: { title: string; hint: string; children: ComponentChildren }) => (
  <div class="empty">
    <svg viewBox="0 0 120 72" aria-hidden="true">
      <rect x="1" y="1" width="118" height="70" rx="8" />
      <path d="M16 20h58M16 36h72M16 52h40" />
      <path class="accent" d="M90 20h14M98 36h6M72 52h32" />
    </svg>
    <h2>{title}</h2>
    <p>{hint}</p>
    <div class="actions">{children}</div>
  </div>
);
