import type { RankRun } from "../../engine/rank/training.js";
import { m } from "../../messages/index.js";
import { rank } from "../../messages/rank.js";
import { VerdictLine } from "../../parts/verdict-line.js";
import { FEW, kindOf } from "../search/verdict.js";

/** The measurements of a run on the questions that were set aside: the order by vectors, and that of the reranker. */
export function Quality({ run }: { run: RankRun }) {
  const t = rank();
  const { yardsticks, after, queries } = run.result!;
  const base = yardsticks.cosine!;
  const measure = (value: number) => m().metric(value, queries);
  const shown = (metrics: Readonly<Record<string, number>>) => measure(metrics["ndcg@10"]!);
  const kind = kindOf(base, after, run.interval);
  return (
    <div class="quality">
      <VerdictLine kind={kind} text={t.verdicts[kind](shown(base), shown(after))} />
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
                <td>{measure(base[metric]!)}</td>
                <td class="after">{measure(after[metric]!)}</td>
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
