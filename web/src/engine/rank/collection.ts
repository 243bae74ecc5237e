import { computed } from "@preact/signals";
import { judgedRows } from "../../data/judged-rows.js";
import { type JudgedTable, withColumn } from "../../data/judged-table.js";
import { storedTable } from "../stored-table.js";

const stored = storedTable<JudgedTable>("rank table");
/** The table of questions, texts and labels. */
export const { table, reading, readProblem, use, open, close, find: findTable } = stored;
export const judged = computed(() => table.value && judgedRows(table.value));

export const selectColumn = (which: "question" | "text" | "value", column: number | null): void =>
  use(withColumn(table.value!, which, column));

/** Fewest questions with texts that fit and texts that do not. */
export const FEWEST = 20;

/** Why there can be no training; null if there can. */
export const untrainable = computed((): "noColumn" | "tooFew" | null => {
  if (table.value!.value === null) return "noColumn";
  return judged.value!.ordered.length < FEWEST ? "tooFew" : null;
});
