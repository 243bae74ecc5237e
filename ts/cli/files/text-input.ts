import { addAbortSignal } from "node:stream";
import { AbortError, ConfigError } from "../../errors/errors.js";
import { existsSync } from "node:fs";
import { exampleFormat, readTexts as readTextsOf } from "../../io/examples/index.js";
import { readData } from "../../jobs/node/read-data.js";
import { decode } from "../../jobs/sources/text-file.js";
import type { Session } from "../session.js";
import { isTable, type KnownColumn, textColumn } from "./table-columns.js";

/** Blank lines that a note names. */
const NAMED = 5;

/** Where texts come from. */
export interface TextOptions {
  readonly file?: string;
  /** Column of the file; without it, the run's in a table, and in any other file each line is a text. */
  readonly text?: string;
}

/**
 * Texts from the arguments, else a file, else standard input. Throws `ConfigError` where there are none, or where a table does
 * not have the `known` column and none is named.
 */
export async function readTexts(
  args: readonly string[],
  options: TextOptions,
  known: () => KnownColumn,
  session: Session,
): Promise<string[]> {
  const { file, text: column } = options;
  if (file === undefined && column !== undefined) {
    throw new ConfigError(`--text ${column} names a column of --file, which is missing`, {
      option: "--text",
      value: column,
    });
  }
  if (args.length > 0 && file !== undefined) {
    throw new ConfigError(`texts are given as arguments and in ${file}: leave one of them out`, {
      option: "--file",
      value: file,
    });
  }
  const named = args.length === 1 && !/\s/.test(args[0]!) && existsSync(args[0]!) ? args[0]! : null;
  if (named !== null)
    session.terminal.error(`${named} is taken as a text; the texts of the file of that name: --file ${named}`);
  if (args.length > 0) return [...args];
  if (file !== undefined) return notEmpty(await readFile(file, column, known, session), file);
  return textLines(await readInput(session), "standard input", session);
}

async function readInput({ terminal, signal }: Session): Promise<string> {
  const { input } = terminal.streams;
  if (input.isTTY === true) terminal.error("Type texts, a line each; Ctrl-D ends.");
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, input)) chunks.push(chunk as Uint8Array);
  } catch (cause) {
    if (signal.aborted)
      throw new AbortError(
        "interrupted while reading standard input",
        { file: "standard input", reason: signal.reason as unknown },
        { cause },
      );
    throw cause;
  }
  return decode(Buffer.concat(chunks), "standard input");
}

function notEmpty(texts: string[], from: string): string[] {
  if (texts.length > 0) return texts;
  throw new ConfigError(`${from} holds no text; texts are expected, a line each`, { from });
}

/** Texts of a column of a table, else lines. */
async function readFile(
  path: string,
  column: string | undefined,
  known: () => KnownColumn,
  session: Session,
): Promise<string[]> {
  const { terminal, signal } = session;
  const { name: file, bytes } = await readData(path, signal);
  if (column === undefined && !isTable(path)) return textLines(decode(bytes, file), file, session);
  const text = column ?? textColumn(file, bytes, known());
  const onWarning = (warning: string) => terminal.error(warning);
  return readTextsOf(bytes, { format: exampleFormat(path), text, file, onWarning });
}

/** Lines up to the last that is not blank, whatever ends them; blank ones before it stay: line n of what comes out is about line n of what went in. */
function textLines(text: string, from: string, { terminal }: Session): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const blank = [...lines.keys()].filter((i) => lines[i]!.trim() === "");
  if (blank.length > 0) {
    const [which, are] = blank.length === 1 ? ["line", "is"] : ["lines", "are"];
    const places = blank.slice(0, NAMED).map((i) => i + 1);
    const more = blank.length > NAMED ? ` and ${blank.length - NAMED} more` : "";
    terminal.error(
      `${from}: ${which} ${places.join(", ")}${more} ${are} blank, and taken as empty texts: a row stands for each line`,
    );
  }
  return notEmpty(lines, from);
}
