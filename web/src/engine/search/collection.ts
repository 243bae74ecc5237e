import { computed } from "@preact/signals";
import type { SearchTable } from "../../data/search-table.js";
import { MOST_TEXTS, searchTexts } from "../../data/search-texts.js";
import { storedTable } from "../stored-table.js";

const stored = storedTable<SearchTable>("search");
/** The table that is searched. */
export const { table, reading, readProblem, use, open, close, find: findCollection } = stored;
export const texts = computed(() => table.value && searchTexts(table.value));

/** Whether the texts can be searched: there are some, and not too many. */
export const isSearchable = computed(() => {
  const count = texts.value?.texts.length ?? 0;
  return count > 0 && count <= MOST_TEXTS;
});

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
