import type { RankRun } from "../../engine/rank/training.js";
import { rank } from "../../messages/rank.js";
import { FEW, verdictOf } from "../search/verdict.js";

/** The measurements of a run on the questions that were set aside: the order by vectors, and that of the reranker. */
export function Quality({ run }: { run: RankRun }) {
  const t = rank();
  const { yardsticks, after, queries } = run.result!;
  const base = yardsticks.cosine!;
  const shown = (metrics: Readonly<Record<string, number>>) => t.measure(metrics["ndcg@10"]!);
  return (
    <div class="quality">
      <p class="verdict">{t.verdicts[verdictOf(base, after, run.interval)](shown(base), shown(after))}</p>
      <div class="scroll" role="region" aria-label={t.metric} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.metric}</th>
              <th scope="col">{t.base}</th>
              <th scope="col">{t.trained}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(t.metrics).map(([metric, [name, hint]]) => (
              <tr key={metric}>
                <th scope="row">
                  {name} <span class="hint">{hint}</span>
                </th>
                <td>{t.measure(base[metric]!)}</td>
                <td class="after">{t.measure(after[metric]!)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        {t.measured(queries)} {queries < FEW && t.few}
      </p>
    </div>
  );
}
