import type { SearchRun } from "../../engine/search/training.js";
import { resultsOf } from "../../engine/search/training.js";
import { isCountable } from "../../engine/search/first-five.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { search } from "../../messages/search.js";
import { Rounds } from "../../parts/rounds.js";
import { VerdictLine } from "../../parts/verdict-line.js";
import { FEW, kindOf } from "./verdict.js";

/** The measurements of a run on the questions that were set aside: words only, before training, and after it. */
function Measures({ run }: { run: SearchRun }) {
  const t = search();
  const { yardsticks, after } = run.result!;
  const { base, bm25 } = yardsticks;
  const shown = (value: number) => m().metric(value, run.heldOut.length);
  return (
    <div class="scroll" role="region" aria-label={t.metric} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.metric}</th>
            {bm25 !== null && <th scope="col">{t.words}</th>}
            <th scope="col">{t.before}</th>
            <th scope="col">{t.after}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(t.metrics).map(([metric, [name, hint]]) => (
            <tr key={metric}>
              <th scope="row">
                {name} <span class="hint">{hint}</span>
              </th>
              {bm25 !== null && <td>{shown(bm25[metric]!)}</td>}
              <td>{shown(base[metric]!)}</td>
              <td class="after">{shown(after[metric]!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a run gave: how many questions find their text among the first five, what to do next, and the measurements under Details. */
export function Quality({ run }: { run: SearchRun }) {
  const t = search();
  const { yardsticks, after, documents } = run.result!;
  const { base, bm25 } = yardsticks;
  const shown = (metrics: Readonly<Record<string, number>>) => m().metric(metrics["ndcg@10"]!, run.heldOut.length);
  const kind = kindOf(base, after, run.interval);
  const wordsBetter = bm25 !== null && bm25["ndcg@10"]! >= after["ndcg@10"]!;
  const verdict = t.verdicts[kind](shown(base), shown(after));
  const { firstFive } = run;
  const results = resultsOf(run);
  return (
    <div class="quality">
      <p class="result">
        {firstFive !== undefined
          ? t.firstFive(firstFive.after, firstFive.before, firstFive.questions)
          : isCountable.value
            ? t.counting
            : verdict}
      </p>
      {wordsBetter ? (
        <VerdictLine kind="simple" text={t.wordsBetter(shown(bm25))} />
      ) : (
        <VerdictLine kind={kind} text={t.advice[kind]} />
      )}
      {run.heldOut.length < FEW && <p class="hint">{t.few}</p>}
      {results.length > 1 && (
        <Rounds results={results.map((value) => ({ value, written: m().share(value, run.heldOut.length) }))} />
      )}
      {run.isUnchanged && <p>{t.unchanged}</p>}
      <details class="details">
        <summary>{headline().details}</summary>
        <p class="verdict">{verdict}</p>
        <Measures run={run} />
        <p class="hint">
          {t.measured(run.heldOut.length, documents ?? 0)} {bm25 !== null && t.wordsHint}
        </p>
      </details>
    </div>
  );
}
