import { type JudgedTable, judgedTable } from "./judged-table.js";
import { readTable } from "./read-table.js";

/** Reads a table of questions, texts and labels. Throws `TableProblem` for other files. */
export const readJudgedTable = async (file: File): Promise<JudgedTable> => judgedTable(await readTable(file));
