import { computed, signal } from "@preact/signals";
import type { Row } from "../../data/findings.js";
import { m } from "../../messages/index.js";
import { rows } from "../../state/project.js";
import { runs } from "../../state/runs.js";
import { tell } from "../../state/view.js";

/** The rows as they were when the newest run's first one was mended: what is undone is no change, and a new run begins afresh. */
const before = signal<{ readonly run: string | undefined; readonly rows: readonly Row[] } | null>(null);

/** Rows that were mended or labelled since the newest run. */
const mended = computed(() => {
  if (before.value === null || before.value.run !== runs.value[0]?.id) return 0;
  const now = new Map(rows.value.map((row) => [row.id, row]));
  return before.value.rows.filter((row) => now.get(row.id)?.label !== row.label).length;
});

/** Does it to so many rows, and says that it can be undone. */
export function mend(count: number, work: () => void): void {
  if (mended.value === 0) before.value = { run: runs.value[0]?.id, rows: rows.value };
  work();
  tell(m().judge.mended(count), true);
}

/** How much was mended, and the way to the next run. */
export function Retrain() {
  const t = m().judge;
  if (mended.value === 0) return null;
  return (
    <p class="retrain">
      {t.retrain(mended.value)}{" "}
      <a class="button primary" href="#train">
        {t.trainAgain}
      </a>
    </p>
  );
}
