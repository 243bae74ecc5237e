/** The texts of several columns of a record, in this order, each on a line of its own; empty ones are left out. */
export function joinedText(record: readonly string[], columns: readonly number[]): string {
  const [first] = columns;
  if (columns.length === 1) return record[first!]!;
  return columns
    .map((column) => record[column]!.trim())
    .filter((text) => text !== "")
    .join("\n");
}

/** The places of columns with these names in another table; none if it lacks one of them. */
export function placesOf(names: readonly string[], columns: readonly string[]): number[] {
  const places = names.map((name) => columns.indexOf(name));
  return places.includes(-1) ? [] : places;
}
