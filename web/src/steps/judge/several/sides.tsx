import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { Bars, type Way } from "../bars.js";
import { MetricTable } from "../metric-table.js";
import { measuredTexts } from "../verdict.js";

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
    kind,
    title,
    hint,
    share: scores.f1Micro,
    interval: kind === "adapter" ? interval : null,
  }));
  const count = measuredTexts(run.report!);
  return (
    <section class="sides">
      <Bars ways={bars} count={count} />
      <p class="hint">{own.interval}</p>
      <MetricTable
        label={own.others}
        {...{ metrics: shown, names: own.metrics, hints: own.metricHints }}
        ways={ways.map(({ kind, title, scores }) => ({ kind, title, scores }))}
        cell={({ scores }, name) => m().share(scores[name], count)}
      />
    </section>
  );
}
