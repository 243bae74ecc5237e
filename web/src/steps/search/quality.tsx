import type { SearchRun } from "../../engine/search/training.js";
import { search } from "../../messages/search.js";

/** Fewer questions are a rough measurement. */
export const FEW = 50;

/** Whether training helped: by more than chance, perhaps by chance, or not at all. */
export function verdictOf(
  { "ndcg@10": before }: Readonly<Record<string, number>>,
  { "ndcg@10": now }: Readonly<Record<string, number>>,
  interval: SearchRun["interval"],
) {
  if (now! <= before!) return "none";
  return interval !== null && before! < interval[0] ? "helped" : "ahead";
}

/** The measurements of a run on the questions that were set aside: words only, before training, and after it. */
export function Quality({ run }: { run: SearchRun }) {
  const t = search();
  const result = run.result!;
  const { yardsticks, after, documents } = result;
  const { base, bm25 } = yardsticks;
  const shown = (metrics: Readonly<Record<string, number>>) => t.measure(metrics["ndcg@10"]!);
  return (
    <div class="quality">
      <p class="verdict">{t.verdicts[verdictOf(base, after, run.interval)](shown(base), shown(after))}</p>
      {run.isUnchanged && <p>{t.unchanged}</p>}
      {bm25 !== null && bm25["ndcg@10"]! >= after["ndcg@10"]! && <p>{t.wordsBetter(shown(bm25))}</p>}
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
                {bm25 !== null && <td>{t.measure(bm25[metric]!)}</td>}
                <td>{t.measure(base[metric]!)}</td>
                <td class="after">{t.measure(after[metric]!)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        {t.measured(run.heldOut.length, documents ?? 0)} {run.heldOut.length < FEW && t.few}{" "}
        {bm25 !== null && t.wordsHint}
      </p>
    </div>
  );
}
