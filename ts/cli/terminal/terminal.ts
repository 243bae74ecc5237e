import type { Readable, Writable } from "node:stream";
import pc from "picocolors";
import { printable } from "./printable.js";

type Colors = ReturnType<typeof pc.createColors>;

/** A stream that may be a terminal, as Node's own are. */
type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };
type InputStream = Readable & { readonly isTTY?: boolean };

/** Input and output of a command. */
export interface Streams {
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
