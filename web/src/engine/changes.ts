import { usableRows } from "../data/rows.js";
import { oneLabel } from "../data/target.js";
import { differenceOf } from "../data/trained-rows.js";
import type { Project } from "../state/project.js";
import { type Run, taskOf } from "../state/runs.js";
import { begunWith, examplesIn } from "./begin.js";
import { isSample } from "./settings.js";

/**
 * Number of rows that were changed, added, labelled or removed since a run was trained on the table: a changed row is one example more
 * and one less. Null for a run of another table or task, and if nothing can be said, because the run used a sample of the rows.
 */
export function changesSince(run: Run, { table, label, target = oneLabel, rows }: Project): number | null {
  if (run.name !== table.name || taskOf(run) !== target.task || run.data.length === 0) return null;
  const usable = usableRows(rows, target);
  // The examples of a long table take long to compare.
  if (begunWith.get(run.data) === rows) return isSample(run.spec, usable.length) ? null : 0;
  const { gone, fresh } = differenceOf(run.data, examplesIn(usable, target, table.columns[label]!));
  if (gone === run.examples) return null;
  return isSample(run.spec, usable.length) ? gone || null : Math.max(gone, fresh);
}
