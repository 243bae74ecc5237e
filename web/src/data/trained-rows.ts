/** What is known of the examples of a run, which are lines of JSON. Each is read once. */
interface Examples {
  /** How often each line is there. */
  readonly lines: ReadonlyMap<string, number>;
  readonly texts: ReadonlySet<string>;
}
const read = new WeakMap<Uint8Array, Examples>();

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const textOf = (line: string) => {
  const { text, tokens } = JSON.parse(line) as { text?: string; tokens?: readonly string[] };
  return text ?? (tokens ?? []).join(" ");
};

function examplesOf(data: Uint8Array): Examples {
  let examples = read.get(data);
  if (examples === undefined) {
    const lines = new TextDecoder()
      .decode(data)
      .split("\n")
      .filter((line) => line !== "");
    examples = { lines: counted(lines), texts: new Set(lines.map(textOf)) };
    read.set(data, examples);
  }
  return examples;
}

/** Number of lines that only `some` have. */
const beyond = (some: Examples["lines"], others: Examples["lines"]) =>
  [...some].reduce((sum, [line, count]) => sum + Math.max(count - (others.get(line) ?? 0), 0), 0);

/** Numbers of examples of a run that are not in a table any more, and of those of the table that the run did not have. */
export function differenceOf(data: Uint8Array, lines: readonly string[]): { gone: number; fresh: number } {
  const [trained, now] = [examplesOf(data).lines, counted(lines)];
  return { gone: beyond(trained, now), fresh: beyond(now, trained) };
}

/** Share of the texts of the smaller one that two runs on one table have in common, at least: rows are corrected, added and removed. */
const COMMON = 0.3;

/** Whether two runs were trained on the same table. Files of one name and pasted rows may be others. */
export function shareTexts(a: Uint8Array, b: Uint8Array): boolean {
  const [few, many] = [examplesOf(a).texts, examplesOf(b).texts].sort((one, other) => one.size - other.size) as [
    ReadonlySet<string>,
    ReadonlySet<string>,
  ];
  return [...few].filter((text) => many.has(text)).length >= COMMON * few.size;
}
