import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { normaliseText } from "../row.js";
import { decodeText } from "../text-encoding.js";
import { broken, checkWord, type LocatedTokens, nameOf, type TokenFields } from "./located-tokens.js";

/** Columns of words and of tags, from 0; null for the last one. */
interface Columns {
  readonly word: number;
  readonly tag: number | null;
}

/**
 * Sentences of a file in CoNLL's format: one word per line with its tag, and a blank line after each sentence. The first column has the
 * words, the last one the tags, unless `fields` names others by numbers from 0. Columns are separated by tabs if the first line has one,
 * otherwise by white space. Lines with -DOCSTART- are skipped, and so are comments: lines that begin a sentence with "#" and have another
 * number of columns than words, or a tag that no word has. Throws `FormatError` with the line if a word has another number of columns than
 * most, or no tag; without tags one column is enough.
 */
export function readConll(bytes: Uint8Array, file: string, fields: TokenFields, tagged = true): LocatedTokens[] {
  const lines = normaliseText(decodeText(bytes, file)).split("\n");
  const columns = columnsOf(file, fields);
  const split = splitterOf(lines);
  const rows = lines.map(split);
  const width = widthOf(rows, tagged ? 2 : 1);
  const tagOf = (cells: readonly string[]) => (tagged ? (cells[columns.tag ?? width - 1] ?? "") : null);
  const tags = new Set(rows.filter(([word]) => !word!.startsWith("#")).map(tagOf));
  const isComment = (cells: readonly string[]) =>
    cells[0]!.startsWith("#") && (cells.length !== width || !tags.has(tagOf(cells)));
  const found: LocatedTokens[] = [];
  let open: { words: string[]; labels: (string | null)[]; line: number } | null = null;
  const close = () => {
    if (open !== null) found.push({ line: open.line, example: { words: open.words, labels: open.labels } });
    open = null;
  };
  lines.forEach((source, i) => {
    const line = i + 1;
    const cells = rows[i]!;
    if (source.trim() === "" || cells[0] === "-DOCSTART-") return close();
    if (open === null && isComment(cells)) return;
    if (cells.length !== width)
      throw broken(
        file,
        line,
        `${width} columns are expected, as most lines have, got ${cells.length}: ${excerpt(source, 60)}`,
      );
    const [word, tag] = [cells[columns.word] ?? "", tagOf(cells)];
    checkWord(file, line, word, tag);
    open ??= { words: [], labels: [], line };
    open.words.push(word);
    open.labels.push(tag);
  });
  close();
  return found;
}

/** How lines are split into columns. */
function splitterOf(lines: readonly string[]): (line: string) => string[] {
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#") && !line.startsWith("-DOCSTART-"));
  if (first?.includes("\t")) return (line) => line.split("\t").map((cell) => cell.trim());
  return (line) => line.trim().split(/[ \t]+/);
}

/** The number of columns of most lines, at least `least`. */
function widthOf(lines: readonly (readonly string[])[], least: number): number {
  const counts = new Map<number, number>();
  for (const cells of lines) {
    const { length } = cells;
    if (length >= least && cells.some((cell) => cell !== "")) counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [least, 0] as [number, number])[0];
}

function columnsOf(file: string, fields: TokenFields): Columns {
  const number = (field: "tokens" | "tags"): number | null => {
    const name = nameOf(fields, field);
    if (name === field) return null;
    if (/^\d{1,3}$/.test(name)) return Number(name);
    throw new ConfigError(
      `${file}: columns of a CoNLL file have no names: ${field} is a number from 0, got ${excerpt(name)}`,
      { file, option: "fields", value: name },
    );
  };
  return { word: number("tokens") ?? 0, tag: number("tags") };
}
