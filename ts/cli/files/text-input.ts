import { addAbortSignal } from "node:stream";
import { AbortError, ConfigError } from "../../errors/errors.js";
import { exampleFormat, readTexts as readTextsOf } from "../../io/examples/index.js";
import { readData } from "../../jobs/node/read-data.js";
import { decode } from "../../jobs/text-file.js";
import type { Session } from "../session.js";

/** Where texts come from. */
export interface TextOptions {
  readonly file?: string;
  /** Column of the file; without it, each line is a text. */
  readonly text?: string;
}

/** Texts from the arguments, else a file, else standard input. Throws `ConfigError` where there are none. */
export async function readTexts(args: readonly string[], options: TextOptions, session: Session): Promise<string[]> {
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
  if (args.length > 0) return [...args];
  if (file !== undefined) {
    const texts =
      column === undefined
        ? readLines(file)
        : await readColumn(file, column, (warning) => session.terminal.error(warning));
    return notEmpty(texts, file);
  }
  return notEmpty(textLines(await readInput(session)), "standard input");
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

/** Texts of a column of a file. */
function readColumn(path: string, text: string, onWarning: (message: string) => void): Promise<string[]> {
  const { name: file, bytes } = readData(path);
  return readTextsOf(bytes, { format: exampleFormat(path), text, file, onWarning });
}

/** Lines of a text file that are not blank. */
function readLines(path: string): string[] {
  const { name, bytes } = readData(path);
  return textLines(decode(bytes, name));
}

/** Lines that are not blank, whatever ends them. */
function textLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
}
