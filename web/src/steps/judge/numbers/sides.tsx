import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { MetricTable } from "../metric-table.js";
import { measuredTexts } from "../verdict.js";

const shown = ["spearman", "rmse", "mae", "r2"] as const;

/** The errors of a guess, the simple model and the adapted model on the same texts. */
export function NumberSides({ run }: { run: RunOf<"regress"> }) {
  const t = m().judge;
  const own = forTasks().numbers;
  const { metrics, result } = run.report!;
  const { mean, headOnly } = result.yardsticks;
  const count = measuredTexts(run.report!);
  /** Correlations have no unit; errors have that of the data. */
  const written = (name: (typeof shown)[number], value: number) =>
    name === "rmse" || name === "mae" ? m().error(value, count) : m().metric(value, count);
  const ways = [
    { kind: "base", title: own.mean, hint: own.meanHint, values: mean },
    ...(headOnly === null ? [] : [{ kind: "head", title: t.head, hint: t.headHint, values: headOnly }]),
    { kind: "adapter", title: t.adapted, hint: t.adaptedHint, values: result.after },
  ];
  const between = (name: (typeof shown)[number]) => {
    const interval = metrics[name]?.interval;
    return interval && t.between(written(name, interval[0]), written(name, interval[1]));
  };
  return (
    <section aria-label={own.compared}>
      <MetricTable
        label={own.compared}
        {...{ metrics: shown, names: own.metrics, hints: own.metricHints, ways }}
        cell={({ kind, values }, name) => (
          <>
            <span class="big">{written(name, values[name])}</span>
            {kind === "adapter" && <span class="hint">{between(name)}</span>}
          </>
        )}
      />
      <p class="hint">{own.interval}</p>
    </section>
  );
}
