import { signal } from "@preact/signals";
import { TableProblem } from "../../data/problem.js";
import type { Correction, Table } from "../../data/table.js";
import type { Finding } from "../../data/findings.js";
import { m } from "../../messages/index.js";

export const reading = signal(false);
export const problem = signal<TableProblem | null>(null);
/** The file of a table, to read it again with another encoding or separator. A table of an earlier visit has none. */
export const sources = new WeakMap<Table, { readonly file: File; readonly correction: Correction }>();

/** Which rows are shown: those of a finding when it was opened, those with a label, or those that contain words. */
export const filter = signal<
  | { readonly finding: Finding; readonly ids: ReadonlySet<number>; readonly label: null }
  | { readonly finding: null; readonly ids: null; readonly label: string }
  | null
>(null);
export const search = signal("");

export function clearFilter(): void {
  filter.value = null;
  search.value = "";
}

let newest = 0;
/** Takes a table. If two files are read at once, the one chosen last counts, even if it is read first. */
async function take(read: () => Promise<Table>): Promise<Table | null> {
  const own = ++newest;
  reading.value = true;
  problem.value = null;
  try {
    const [table, { projectOf, replaceProject }] = await Promise.all([read(), import("../../state/reading.js")]);
    if (own !== newest) return null;
    const opened = await projectOf(table);
    if (own !== newest) return null;
    replaceProject(opened);
    clearFilter();
    return table;
  } catch (error) {
    if (own === newest)
      problem.value = error instanceof TableProblem ? error : new TableProblem("noTable", String(error));
    return null;
  } finally {
    if (own === newest) reading.value = false;
  }
}

/** The readers are loaded on demand. */
const reader = () => import("../../data/apart/read-apart.js");

/** Opens a file in place of the current table. If it cannot be read, the table stays, and the result is false. */
export async function openFile(file: File, correction: Correction = { withoutBelow: true }): Promise<boolean> {
  const table = await take(async () => {
    const read = await (await reader()).readApart("table", file, correction);
    sources.set(read, { file, correction });
    return read;
  });
  return table !== null;
}

export async function openSample(): Promise<void> {
  await take(async () => (await import("../../data/sample.js")).readSample(m().data.sampleName));
}
