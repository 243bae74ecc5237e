import Papa from "papaparse";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { decodeText, exampleFormat } from "../../io/examples/index.js";
import { runFiles } from "../../training/store/run-store.js";

/** The most columns that a message names. */
const NAMED = 12;

/** Other sources of a column's name. */
export interface KnownColumn {
  /** The run's column of texts; undefined without a run, or if its report does not name it. */
  readonly text: string | undefined;
  /** The run's name; undefined without a run. */
  readonly run: string | undefined;
}

/** Whether a file is a table of examples, by its name; other files have one text per line. */
export function isTable(path: string): boolean {
  try {
    exampleFormat(path);
    return true;
  } catch {
    return false;
  }
}

/** A table's column of texts: the run's, if the table has it. Throws `ConfigError`, naming the existing ones. */
export function textColumn(file: string, bytes: Uint8Array, { text, run }: KnownColumn): string {
  // The reader of a Parquet file names its columns if the requested one is missing.
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
        : `; the run's column ${JSON.stringify(text)} (${run}) is not among them`;
  throw new ConfigError(
    `${file} is a table: name the column of texts with --text COLUMN: it has ${quoted.join(", ")}${more}${own}`,
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
      // The reader of the column reports the problem.
      return [];
    }
  }
  const delimiter = /\.(tsv|tab)$/i.test(file) ? "\t" : "";
  return Papa.parse<string[]>(start, { preview: 1, delimiter }).data[0] ?? [];
}
