import { m } from "../../messages/index.js";

/** Labels shown per answer. */
const SHOWN = 5;

interface Props {
  readonly title: string;
  readonly hint: string;
  readonly kind: "base" | "head" | "adapter";
  /** Labels with their value, best first; null while it is computed. */
  readonly best: readonly (readonly [string, number])[] | null;
  readonly written?: (share: number) => string;
  /** The labels that the text gets, where it may get several; they are all shown. */
  readonly taken?: readonly string[];
}

/** Labels by their value. */
export function Odds({ title, hint, kind, best, written = m().odds, taken = [] }: Props) {
  return (
    <div class={`odds ${kind}`} aria-busy={best === null}>
      <h3>{title}</h3>
      <p class="hint">{hint}</p>
      <ul>
        {(best ?? [])
          .filter(([label], i) => i < SHOWN || taken.includes(label))
          .map(([label, share]) => (
            <li key={label} data-taken={taken.includes(label)}>
              <span class="name">{label}</span>
              <span class="number">{written(share)}</span>
              <span class="fill" aria-hidden="true" style={{ inlineSize: `${100 * Math.max(share, 0)}%` }} />
            </li>
          ))}
      </ul>
    </div>
  );
}
