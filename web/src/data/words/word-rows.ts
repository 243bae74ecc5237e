import type { Table } from "../table.js";

const [SENTENCE, WORD] = [/^sentence( ?#| ?id)?$/i, /^(tokens?|words?)$/i];

/**
 * The sentences of a table with one word per row, as the library reads it: a sentence begins where its column changes, and an empty field
 * continues it. Each becomes a row with a list of words, and a list of each further column, as JSON. Other tables are returned as they are, as one
 * with a whole sentence in each row and a number of words beside it.
 */
export function wordRows<T extends Pick<Table, "columns" | "records">>(table: T): T {
  const { columns, records } = table;
  const [sentence, word] = [SENTENCE, WORD].map((pattern) => columns.findIndex((name) => pattern.test(name.trim())));
  if (sentence! < 0 || word! < 0) return table;
  const others = columns.flatMap((_, i) => (i === sentence ? [] : [i]));
  const found: (string | null)[][][] = [];
  let current: string | null = null;
  for (const record of records) {
    const name = record[sentence!]!.trim();
    if (current === null || (name !== "" && name !== current)) {
      found.push(others.map(() => []));
      current = name;
    }
    others.forEach((column, i) => found.at(-1)![i]!.push(record[column]!.trim() || null));
  }
  // With one word per row, most sentences have several rows.
  if (2 * found.length > records.length) return table;
  return {
    ...table,
    columns: others.map((i) => columns[i]!),
    records: found.map((sentence) => sentence.map((column) => JSON.stringify(column))),
  };
}
