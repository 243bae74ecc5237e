import { m } from "../../messages/index.js";

/** Links to the sections of the page, which is long on a narrow screen. They are buttons because addresses name steps. */
export function Jump({ parts }: { parts: readonly (readonly [heading: string, name: string])[] }) {
  const go = (id: string) => {
    const heading = document.getElementById(id)!;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "start" });
  };
  return (
    <nav class="jump" aria-label={m().judge.parts}>
      <ul>
        {parts.map(([id, name]) => (
          <li key={id}>
            <button type="button" class="small" onClick={() => go(id)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
