/** Lines that are read to see whether a file has one word per line, and the share of them that decides. */
const [SAMPLE, MOSTLY] = [1000, 0.95];

const NAMED = /\.(conll\w*|iob2?|bio|bioes|bilou)$/i;
const TAG = /^(O|[BIESLU]-.+)$/;

/** How lines are split into columns. */
function splitterOf(lines: readonly string[]): (line: string) => string[] {
  if (lines.find((line) => line.trim() !== "" && !isSkipped(line))?.includes("\t"))
    return (line) => line.split("\t").map((cell) => cell.trim());
  return (line) => line.trim().split(/[ \t]+/);
}

const isSkipped = (line: string) => line.startsWith("-DOCSTART-");

/** The number of columns of most lines. */
function widthOf(rows: readonly (readonly string[])[]): number {
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])[0];
}

/** Whether a text has one word per line with its tag, as CoNLL's format has, by its name or its first lines. */
export function isConll(name: string, text: string): boolean {
  if (NAMED.test(name)) return true;
  const lines = text.split("\n", SAMPLE).filter((line) => line.trim() !== "" && !isSkipped(line) && line[0] !== "#");
  const rows = lines.map(splitterOf(lines));
  const width = widthOf(rows);
  const tagged = rows.filter((cells) => cells.length === width && TAG.test(cells.at(-1)!) && !/\s/.test(cells[0]!));
  return width > 1 && tagged.length >= MOSTLY * rows.length && tagged.some((cells) => cells.at(-1) !== "O");
}

/**
 * Sentences of such a text, a row each: a list of words, and a list for each further column, as JSON. A comment begins a sentence with "#"
 * and has another number of columns, or a tag that no word has. A word without a column has null there; `uneven` counts such lines.
 */
export function readConll(text: string): { columns: string[]; records: string[][]; uneven: number } {
  const lines = text.split("\n");
  const split = splitterOf(lines);
  const isBlank = (line: string) => line.trim() === "" || isSkipped(line);
  const width = Math.max(2, widthOf(lines.filter((line) => !isBlank(line)).map(split)));
  const tags = new Set(lines.flatMap((line) => (line[0] === "#" ? [] : [split(line)[width - 1]])));
  const records: string[][] = [];
  let [open, uneven]: [(string | null)[][] | null, number] = [null, 0];
  const close = () => {
    if (open !== null) records.push(open.map((column) => JSON.stringify(column)));
    open = null;
  };
  for (const line of lines) {
    if (isBlank(line)) {
      close();
      continue;
    }
    const cells = split(line);
    if (open === null && line[0] === "#" && (cells.length !== width || !tags.has(cells.at(-1)))) continue;
    if (cells.length !== width) uneven++;
    open ??= Array.from({ length: width }, () => []);
    open.forEach((column, i) => column.push(cells[i] || null));
  }
  close();
  return { columns: Array.from({ length: width }, (_, i) => String(i + 1)), records, uneven };
}
