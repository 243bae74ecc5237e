import { computed, signal } from "@preact/signals";
import type { Row } from "../../data/rows.js";
import { training } from "../../engine/train.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { type Project, project, rows } from "../../state/project.js";
import { runs } from "../../state/runs.js";
import { notify } from "../../state/view.js";

/** The rows before the first change since the newest run. Undone changes do not count. */
const before = signal<Before | null>(null);

/** Rows of a table's columns, and the newest run at that time. */
interface Before extends Pick<Project, "table" | "text" | "label"> {
  readonly run: string | undefined;
  readonly rows: readonly Row[];
}

const isOf = ({ run, table, text, label }: Before): boolean => {
  const now = project.value;
  return run === runs.value[0]?.id && table === now?.table && text === now.text && label === now.label;
};

/** Number of rows that were changed or labelled since the newest run. */
const mended = computed(() => {
  if (before.value === null || !isOf(before.value)) return 0;
  const now = new Map(rows.value.map((row) => [row.id, row]));
  return before.value.rows.filter((row) => now.get(row.id)?.label !== row.label).length;
});

/** Makes a change to `count` rows, and shows a notice with undo. */
export function mend(count: number, work: () => void): void {
  if (mended.value === 0) before.value = { ...project.value!, run: runs.value[0]?.id };
  work();
  notify(m().judge.mended(count), true);
}

/** Always in sight while there is a table: the number of changes since the training, and a link to train again. */
export function Retrain() {
  const t = m().judge;
  if (project.value === null || training.value !== null) return null;
  const count = mended.value;
  return (
    <p class="retrain" data-changed={count > 0}>
      {count === 0 ? headline().unchanged : t.retrain(count)}{" "}
      <a class={count === 0 ? "button" : "button primary"} href="#train">
        {t.trainAgain}
      </a>
    </p>
  );
}
