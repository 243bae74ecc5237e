/** The texts of several columns of a record, in this order, each on a line of its own; empty ones are left out. */
export function joinedText(record: readonly string[], columns: readonly number[]): string {
  const [first] = columns;
  if (columns.length === 1) return record[first!]!;
  return columns
    .map((column) => record[column]!.trim())
    .filter((text) => text !== "")
    .join("\n");
}
