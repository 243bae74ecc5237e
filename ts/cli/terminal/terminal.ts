import type { Readable, Writable } from "node:stream";
import pc from "picocolors";

type Colors = ReturnType<typeof pc.createColors>;

/** A stream that may be a terminal, as Node's own are. */
type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };
type InputStream = Readable & { readonly isTTY?: boolean };

/** Input and output of a command. */
interface Streams {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly errors: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Seconds between two lines of progress where no bar can be drawn; default 10. */
  readonly secondsBetweenLines?: number;
}

/** Results go to the output, progress and errors to the error stream; each is coloured if it is a terminal. */
export class Terminal {
  readonly colors: Colors;
  readonly errorColors: Colors;
  private readonly failed = new AbortController();

  constructor(readonly streams: Streams) {
    this.colors = pc.createColors(isColoured(streams.output, streams.environment));
    this.errorColors = pc.createColors(isColoured(streams.errors, streams.environment));
    streams.output.on("error", (error) => this.failed.abort(error));
    // A failing error stream stops nothing.
    streams.errors.on("error", () => {});
  }

  /** Aborted when the output fails: its reader has gone (`| head`), or the disk is full. The reason is the stream's error. */
  get outputFailed(): AbortSignal {
    return this.failed.signal;
  }

  /** Writes a line of the result; escapes control characters except colours, as in JSON. */
  print(line = ""): void {
    const { output } = this.streams;
    if (!this.failed.signal.aborted) output.write(`${printable(line, this.colors.isColorSupported)}\n`);
  }

  /** Writes a part of a line of the result; escapes as `print`. */
  write(part: string): void {
    if (!this.failed.signal.aborted) this.streams.output.write(printable(part, this.colors.isColorSupported));
  }

  /** Writes a line that is not a result: a warning, an error, progress; escapes as `print`. */
  error(line = ""): void {
    this.streams.errors.write(`${printable(line, this.errorColors.isColorSupported)}\n`);
  }

  /** Waits until everything written to the output was flushed, or has failed. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      // A failed stream calls back before its listeners are called.
      this.streams.output.write("", () => setImmediate(resolve));
    });
  }

  /** Whether a progress bar can be drawn and redrawn. */
  get canRedraw(): boolean {
    return this.streams.errors.isTTY === true && this.streams.environment["TERM"] !== "dumb";
  }

  /** Columns of the output; 100 if it is not a terminal. */
  get width(): number {
    return this.streams.output.columns ?? 100;
  }
}

function isColoured(stream: OutputStream, environment: Streams["environment"]): boolean {
  if (environment["NO_COLOR"]) return false;
  return stream.isTTY === true && environment["TERM"] !== "dumb";
}

/** A text as one word of a shell: in double quotes, which every shell has, if they suffice. */
export function shellWord(text: string): string {
  if (/^[\w./:=,@%+-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}

/** A path as a word of a shell, which no command reads as an option. */
export const shellPath = (name: string): string => shellWord(name.startsWith("-") ? `./${name}` : name);

/** Characters that control a terminal: C0 except tab and line feed, DEL, and C1. */
// eslint-disable-next-line no-control-regex -- they are what is meant
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Control characters except this program's colours: bold, dim, text colours, and resets. */
// eslint-disable-next-line no-control-regex -- they are what is meant
const CONTROLS_BUT_COLORS = /\u001b\[(?:[012]|22|3[0-79]|9[0-7])m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * @internal Escapes control characters as in JSON, so that text from a file (a label, a model's name) cannot move the cursor, clear the screen or set
 * a window's title; JSON stays unchanged.
 * @param colors whether to keep colours
 */
export function printable(lines: string, colors: boolean): string {
  if (!colors) return lines.replace(CONTROLS, escape);
  return lines.replace(CONTROLS_BUT_COLORS, (found) => (found.length > 1 ? found : escape(found)));
}

/** Plain text on one line: line ends and tabs are escaped too. */
export const oneLine = (text: string): string =>
  printable(text, false).replace(/[\t\n\u2028\u2029]/g, (character) => JSON.stringify(character).slice(1, -1));

/** Alignment of a column. */
type Alignment = "left" | "right";

/**
 * Rows as lines with aligned columns, two spaces apart; the first row may be a heading. Cells are plain text on one line. Colour would
 * count as width, so it is added later, to whole lines.
 */
export function tableLines(given: readonly (readonly string[])[], alignments: readonly Alignment[] = []): string[] {
  const rows = given.map((row) => row.map(oneLine));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      alignments[i] === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
    );
    return cells.join("  ").trimEnd();
  });
}

/** A text on one line of at most `width` characters. */
export function clip(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(1, width - 1)).join("")}…`;
}
