import { joinedText } from "./joined.js";
import type { Row } from "./rows.js";
import type { Table } from "./table.js";
import type { Target } from "./target.js";

/** A table as read from its file, its columns of texts and labels, and the rows as the user left them. */
interface Corrected {
  readonly table: Pick<Table, "records">;
  readonly text: number;
  readonly label: number;
  /** Further columns of texts. */
  readonly more?: readonly number[];
  readonly rows: readonly Row[];
}

/** A table's records without those that the user removed, with corrected texts and labels. Texts that were added have no other columns. */
export function correctedRecords(
  { table, text, label, more = [], rows }: Corrected,
  { task }: Target,
): Table["records"] {
  const isOneLabel = task === "classify" || task === "regress";
  return rows.flatMap((row) => {
    const record = table.records[row.id];
    if (record === undefined) return [];
    const isEdited = joinedText(record, [text, ...more]) !== row.text;
    return [
      record.map((field, i) => {
        if (i === label && isOneLabel) return row.label;
        // A joined text that was edited has no parts.
        return isEdited && i === text ? row.text : isEdited && more.includes(i) ? "" : field;
      }),
    ];
  });
}
