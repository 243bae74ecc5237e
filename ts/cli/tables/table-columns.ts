import Papa from "papaparse";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { decodeText, exampleFormat } from "../../io/examples/index.js";
import { runFiles } from "../../training/store/run-store.js";

/** How many columns a message names. */
const NAMED = 12;

/** Where a column's name may come from if the command does not say it. */
export interface KnownColumn {
  /** The run's own column of texts; undefined where there is no run, or its report does not say. */
  readonly text: string | undefined;
  /** What the run is called; undefined where there is none. */
  readonly run: string | undefined;
}

/** Whether a file is a table of examples, by its name; others hold a text a line. */
export function isTable(path: string): boolean {
  try {
    exampleFormat(path);
    return true;
  } catch {
    return false;
  }
}

/** The column of a table that holds the texts: the run's, where the table has it. Throws `ConfigError`, naming those it has. */
export function textColumn(file: string, bytes: Uint8Array, { text, run }: KnownColumn): string {
  // Whoever reads a Parquet file names its columns, if the wanted one is not among them.
  if (exampleFormat(file) === "parquet") return text ?? "text";
  const names = columnNames(file, decodeText(bytes, file));
  if (text !== undefined && (names.includes(text) || (/^\d+$/.test(text) && Number(text) < names.length))) return text;
  const quoted = names.slice(0, NAMED).map((name) => JSON.stringify(clip(name, 40)));
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const own =
    run === undefined
      ? ""
      : text === undefined
        ? `; ${run} has no ${runFiles.report} that names one`
        : `; the one of ${run}, ${JSON.stringify(text)}, is not among them`;
  throw new ConfigError(
    `${file} is a table: which of its columns holds the texts? Name it with --text COLUMN: it has ${quoted.join(", ")}${more}${own}`,
    { file, option: "--text", allowed: names },
  );
}

/** Names in the first row of a table, or the fields of the first object. */
function columnNames(file: string, body: string): readonly string[] {
  const start = body.replace(/^\ufeff/, "");
  if (/^\s*[[{]/.test(start)) {
    const [line = ""] = start.split("\n").filter((text) => text.trim() !== "");
    try {
      const first = JSON.parse(line) as unknown;
      return Object.keys((Array.isArray(first) ? (first[0] as object | undefined) : (first as object)) ?? {});
    } catch {
      // What reads the column says what is wrong with it.
      return [];
    }
  }
  const delimiter = /\.(tsv|tab)$/i.test(file) ? "\t" : "";
  return Papa.parse<string[]>(start, { preview: 1, delimiter }).data[0] ?? [];
}
