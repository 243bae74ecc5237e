import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { Bars, type Way } from "../bars.js";
import { MetricTable, verdictBy } from "../metric-table.js";

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
  const verdict = headOnly === null || interval === null ? null : verdictBy(headOnly.f1Micro, interval, "high");
  return (
    <section class="sides">
      <Bars ways={bars} />
      <p class="hint">{own.interval}</p>
      {verdict !== null && (
        <div class="verdict">
          <p>{own.verdicts[verdict](m().percent(result.after.f1Micro), m().percent(headOnly!.f1Micro))}</p>
        </div>
      )}
      <MetricTable
        label={own.others}
        {...{ metrics: shown, names: own.metrics, hints: own.metricHints }}
        ways={ways.map(({ kind, title, scores }) => ({ kind, title, scores }))}
        cell={({ scores }, name) => m().percent(scores[name])}
      />
    </section>
  );
}
