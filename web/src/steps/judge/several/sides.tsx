import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { Bars, type Way } from "../bars.js";

const shown = ["f1Macro", "map", "exactMatch"] as const;

/** Micro F1 of a guess, the simple model and the adapted model on the same texts, and the other metrics. */
export function LabelSides({ run }: { run: RunOf<"multi-label"> }) {
  const t = m().judge;
  const own = forTasks().labels;
  const { metrics, result } = run.report!;
  const { mostFrequent, headOnly } = result.yardsticks;
  const ways = [
    { kind: "base", title: own.mostFrequent, hint: own.mostFrequentHint, scores: mostFrequent },
    ...(headOnly === null ? [] : [{ kind: "head", title: t.head, hint: t.headHint, scores: headOnly } as const]),
    { kind: "adapter", title: t.adapted, hint: t.adaptedHint, scores: result.after },
  ] as const;
  const interval = metrics["f1Micro"]?.interval ?? null;
  const bars = ways.map(({ kind, title, hint, scores }): Way => ({
    ...{ kind, title, hint, share: scores.f1Micro, interval: kind === "adapter" ? interval : null },
  }));
  const verdict =
    headOnly === null || interval === null
      ? null
      : headOnly.f1Micro < interval[0]
        ? "better"
        : headOnly.f1Micro > interval[1]
          ? "worse"
          : "even";
  return (
    <section class="sides">
      <Bars ways={bars} />
      <p class="hint">{own.interval}</p>
      {verdict !== null && (
        <div class="verdict">
          <p>{own.verdicts[verdict](m().percent(result.after.f1Micro), m().percent(headOnly!.f1Micro))}</p>
        </div>
      )}
      <div class="scroll compared" role="region" aria-label={own.others} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <td />
              {shown.map((name) => (
                <th key={name} scope="col">
                  {own.metrics[name]} <span class="hint">{own.metricHints[name]}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ways.map(({ kind, title, scores }) => (
              <tr key={kind} class={kind}>
                <th scope="row">{title}</th>
                {shown.map((name) => (
                  <td key={name}>{m().percent(scores[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
