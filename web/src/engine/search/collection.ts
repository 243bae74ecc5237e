import { computed, signal } from "@preact/signals";
import { TableProblem } from "../../data/problem.js";
import type { SearchTable } from "../../data/search-table.js";
import { MOST_TEXTS, searchTexts } from "../../data/search-texts.js";
import { read, remove, write } from "../../storage/database.js";

/** The table that is searched; null before there is one. */
export const table = signal<SearchTable | null>(null);
export const texts = computed(() => table.value && searchTexts(table.value));
export const reading = signal(false);
export const readProblem = signal<TableProblem | null>(null);

/** Whether the texts can be searched: there are some, and not too many. */
export const isSearchable = computed(() => {
  const count = texts.value?.texts.length ?? 0;
  return count > 0 && count <= MOST_TEXTS;
});

const KEY = "search";

/** If two files are read at once, the one chosen last counts. */
let newest = 0;
export async function open(make: () => Promise<SearchTable>): Promise<void> {
  const own = ++newest;
  reading.value = true;
  readProblem.value = null;
  try {
    const read = await make();
    if (own === newest) use(read);
  } catch (error) {
    if (own === newest)
      readProblem.value = error instanceof TableProblem ? error : new TableProblem("noTable", String(error));
  } finally {
    if (own === newest) reading.value = false;
  }
}

/** Selects other columns. */
export function selectColumns(change: Partial<Pick<SearchTable, "text" | "question">>): void {
  const now = table.value!;
  let { text, question } = { ...now, ...change };
  // One column cannot be both, so they are swapped.
  if (text === question)
    [text, question] = change.text === undefined ? [now.question ?? otherThan(text), text] : [text, now.text];
  use({ ...now, text, question });
}

const otherThan = (column: number) => (column === 0 ? 1 : 0);

export const close = (): void => use(null);

function use(now: SearchTable | null): void {
  table.value = now;
  void (now === null ? remove("project", KEY) : write("project", KEY, now)).catch(() => undefined);
}

/** Restores the table of an earlier visit. */
export async function findCollection(): Promise<void> {
  if (table.value !== null || reading.value) return;
  const kept = await read<SearchTable>("project", KEY).catch(() => undefined);
  if (kept !== undefined && table.value === null && !reading.value) table.value = kept;
}
