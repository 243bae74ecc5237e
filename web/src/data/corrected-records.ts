import type { Row } from "./rows.js";
import type { Table } from "./table.js";
import type { Target } from "./target.js";

/** A table as read from its file, its columns of texts and labels, and the rows as the user left them. */
interface Corrected {
  readonly table: Pick<Table, "records">;
  readonly text: number;
  readonly label: number;
  readonly rows: readonly Row[];
}

/** A table's records without those that the user removed, with corrected texts and labels. Texts that were added have no other columns. */
export function correctedRecords({ table, text, label, rows }: Corrected, { task }: Target): Table["records"] {
  const isOneLabel = task === "classify" || task === "regress";
  return rows.flatMap((row) => {
    const record = table.records[row.id];
    if (record === undefined) return [];
    return [record.map((field, i) => (i === text ? row.text : i === label && isOneLabel ? row.label : field))];
  });
}
