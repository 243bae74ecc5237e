import type { ComponentChildren } from "preact";
import { headline } from "../../messages/headline.js";
import { type Run, taskOf } from "../../state/runs.js";
import { Rounds } from "../../parts/rounds.js";
import { VerdictLine } from "../../parts/verdict-line.js";
import { headlineOf, roundsOf } from "./headline-of.js";
import { jumpTo } from "./jump.js";
import { verdictTextOf } from "./verdict-text.js";
import "../../style/headline.css";

interface Props {
  readonly run: Run;
  /** What limits the result, in a sentence each. */
  readonly warnings?: readonly string[];
  /** The section to read next, by its heading; null if there is nothing to correct. */
  readonly next: readonly [kind: "toDoubts" | "toMistakes", heading: string] | null;
  /** The measurements. */
  readonly children: ComponentChildren;
}

/** The result of a run: a sentence, the verdict, the trainings before it, what to do next; the measurements are under Details. */
export function Headline({ run, warnings = [], next, children }: Props) {
  const t = headline();
  const result = headlineOf(run);
  if (result === null) return null;
  const verdict = verdictTextOf(run);
  const results = roundsOf(run);
  return (
    <div class="headline">
      <p class="result">{result.sentence}</p>
      {verdict !== null && <VerdictLine {...verdict} />}
      {warnings.length > 0 && <p class="hint warn">{warnings.join(" ")}</p>}
      {results.length > 1 && <Rounds results={results} areErrors={taskOf(run) === "regress"} />}
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
