import type { ComponentChildren } from "preact";
import { headline } from "../../messages/headline.js";
import type { Run } from "../../state/runs.js";
import { type Headline as Result, headlineOf, roundsOf } from "./headline-of.js";
import { jumpTo } from "./jump.js";
import "../../style/headline.css";

const [WIDTH, HEIGHT] = [120, 28];

/** The results of the trainings with a table, as a line and in words. */
function Rounds({ results }: { results: readonly Result[] }) {
  const values = results.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => {
    const up = high === low ? 0.5 : (value - low) / (high - low);
    return [4 + ((WIDTH - 8) * i) / (values.length - 1), HEIGHT - 4 - (HEIGHT - 8) * up] as const;
  });
  const [x, y] = points.at(-1)!;
  return (
    <p class="rounds">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <polyline points={points.map((point) => point.join()).join(" ")} />
        <circle cx={x} cy={y} r="3.5" />
      </svg>
      {headline().rounds(results.map(({ written }) => written))}
    </p>
  );
}

interface Props {
  readonly run: Run;
  /** What limits the result, in a sentence each. */
  readonly warnings?: readonly string[];
  /** The section to read next, by its heading; null if there is nothing to correct. */
  readonly next: readonly [kind: "toDoubts" | "toMistakes", heading: string] | null;
  /** The measurements. */
  readonly children: ComponentChildren;
}

/** The result of a run: a sentence, the trainings before it, what to do next; the measurements are under Details. */
export function Headline({ run, warnings = [], next, children }: Props) {
  const t = headline();
  const result = headlineOf(run);
  if (result === null) return null;
  const results = roundsOf(run);
  return (
    <div class="headline">
      <p class="result">{result.sentence}</p>
      {warnings.length > 0 && <p class="hint warn">{warnings.join(" ")}</p>}
      {results.length > 1 && <Rounds results={results} />}
      {next === null || result.isPerfect ? (
        <a class="button primary" href="#take">
          {t.toTake}
        </a>
      ) : (
        <button type="button" class="primary" onClick={() => jumpTo(next[1])}>
          {t[next[0]]}
        </button>
      )}
      <details class="details">
        <summary>{t.details}</summary>
        {children}
      </details>
    </div>
  );
}
