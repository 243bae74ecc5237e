import { m } from "../../messages/index.js";

/** Moves the focus, and the page, to a section by its heading. */
export function jumpTo(heading: string): void {
  const element = document.getElementById(heading)!;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "start" });
}

/** Links to the sections of the page, which is long on a narrow screen. They are buttons because addresses name steps. */
export function Jump({ parts }: { parts: readonly (readonly [heading: string, name: string])[] }) {
  return (
    <nav class="jump" aria-label={m().judge.parts}>
      <ul>
        {parts.map(([id, name]) => (
          <li key={id}>
            <button type="button" class="small" onClick={() => jumpTo(id)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
