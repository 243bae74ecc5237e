import { computed } from "@preact/signals";
import { training } from "../../state/training.js";
import { changesSince } from "../../engine/changes.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { project } from "../../state/project.js";
import { run } from "../../state/runs.js";
import { notify } from "../../state/notice.js";

/** Makes a change to `count` rows, and shows a notice with undo. */
export function mend(count: number, work: () => void): void {
  work();
  notify(m().judge.mended(count), true);
}

/** Number of rows that differ from those that the shown run was trained on; null if it was trained on others, or is not known. */
const changes = computed(() =>
  project.value === null || run.value === null ? null : changesSince(run.value, project.value),
);

/** Always in sight while there is a table: the number of changes since the training, and a link to train again. */
export function Retrain() {
  const t = m().judge;
  if (project.value === null || training.value !== null) return null;
  const count = changes.value;
  return (
    <p class="retrain" data-changed={count !== null && count > 0}>
      {count === 0 ? headline().unchanged : count !== null && t.retrain(count)}{" "}
      <a class={count === 0 || count === null ? "button" : "button primary"} href="#train">
        {t.trainAgain}
      </a>
    </p>
  );
}
