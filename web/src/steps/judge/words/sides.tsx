import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";
import { MetricTable } from "../metric-table.js";

const shown = ["f1", "precision", "recall", "accuracy"] as const;
type Shares = Readonly<Partial<Record<(typeof shown)[number], number>>>;

/** What a guess, the simple model and the adapted model find on the same texts. */
export function WordSides({ run }: { run: RunOf<"tokens"> }) {
  const t = m().judge;
  const { words: own, labels } = forTasks();
  const { largestClass, headOnly, after, overHeadAlone } = run.report!.result;
  const guess: Shares = { accuracy: largestClass };
  const ways: readonly { kind: string; title: string; hint: string; shares: Shares }[] = [
    { kind: "base", title: t.largest, hint: t.largestHint, shares: guess },
    ...(headOnly === null ? [] : [{ kind: "head", title: t.head, hint: t.headHint, shares: headOnly }]),
    { kind: "adapter", title: t.adapted, hint: t.adaptedHint, shares: after },
  ];
  const [low, high] = overHeadAlone?.interval ?? [0, 0];
  const verdict = low > 0 ? "better" : high < 0 ? "worse" : "even";
  return (
    <section aria-label={own.compared}>
      <MetricTable
        label={own.compared}
        {...{ metrics: shown, names: own.metrics, hints: own.metricHints, ways }}
        cell={({ shares }, name) => (
          <span class="big">{shares[name] === undefined ? "–" : m().percent(shares[name])}</span>
        )}
      />
      {overHeadAlone !== null && headOnly !== null && (
        <div class="verdict">
          <p>{labels.verdicts[verdict](m().percent(after.f1), m().percent(headOnly.f1))}</p>
          <p class="hint">{t.sureness(m().points(100 * low), m().points(100 * high))}</p>
        </div>
      )}
    </section>
  );
}
