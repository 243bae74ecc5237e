import { readConversations } from "../conversations.js";
import { readJudgedTable } from "../read-judged.js";
import { readTable } from "../read-table.js";
import { readTexts, readToLabel } from "../read-to-label.js";
import { readSearchTable } from "../search-table.js";
import type { Correction } from "../table.js";

/** What can be read from a file, each with one long list: `records`, `rows` or `texts`. All throw `TableProblem`. */
export const readers = {
  table: (file: File, correction: Correction) => readTable(file, correction),
  toLabel: (file: File) => readToLabel(file),
  search: (file: File) => readSearchTable(file),
  judged: (file: File) => readJudgedTable(file),
  conversations: readConversations,
  texts: async (file: File) => ({ texts: await readTexts(file) }),
};

export type Reader = keyof typeof readers;
/** The reader's second argument. */
export type Option<R extends Reader> = Parameters<(typeof readers)[R]>[1];
export type Read<R extends Reader> = Awaited<ReturnType<(typeof readers)[R]>>;
