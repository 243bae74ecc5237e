import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { MetricTable } from "../metric-table.js";
import { measuredTexts } from "../verdict.js";

const shown = ["f1", "precision", "recall", "accuracy"] as const;
type Shares = Readonly<Partial<Record<(typeof shown)[number], number>>>;

/** What a guess, the simple model and the adapted model find on the same texts. */
export function WordSides({ run }: { run: RunOf<"tokens"> }) {
  const t = m().judge;
  const own = forTasks().words;
  const { largestClass, headOnly, after, overHeadAlone } = run.report!.result;
  const guess: Shares = { accuracy: largestClass };
  const ways: readonly { kind: string; title: string; hint: string; shares: Shares }[] = [
    { kind: "base", title: t.largest, hint: t.largestHint, shares: guess },
    ...(headOnly === null ? [] : [{ kind: "head", title: t.head, hint: t.headHint, shares: headOnly }]),
    { kind: "adapter", title: t.adapted, hint: t.adaptedHint, shares: after },
  ];
  const count = measuredTexts(run.report!);
  const points = (share: number) => m().points(share, count);
  return (
    <section aria-label={own.compared}>
      <MetricTable
        label={own.compared}
        {...{ metrics: shown, names: own.metrics, hints: own.metricHints, ways }}
        cell={({ shares }, name) => (
          <span class="big">{shares[name] === undefined ? "–" : m().share(shares[name], count)}</span>
        )}
      />
      {overHeadAlone !== null && (
        <p class="hint">{t.sureness(points(overHeadAlone.interval[0]), points(overHeadAlone.interval[1]))}</p>
      )}
    </section>
  );
}
