import { throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import type { ExitCode } from "./exit-codes.js";
import type { Terminal } from "./terminal/terminal.js";

/** A command that has something smaller to stop than itself. */
export interface Interruption {
  /** Whether it has done so; null while there is nothing. */
  handler: (() => boolean) | null;
}

/** What every command works with. */
export interface Session {
  readonly terminal: Terminal;
  /** Given when the user presses Ctrl-C. */
  readonly signal: AbortSignal;
  /** Who hears Ctrl-C before `signal` does. */
  readonly interruption: Interruption;
  /** How this program was called, for commands that are shown to be copied: "npx lowrank". */
  readonly self: string;
  /** What the process ends with where nothing is thrown. */
  exitCode: ExitCode;
}

/** Between two pieces of work that hold everything up: hears a signal that came meanwhile. Throws `AbortError` then. */
export async function hearSignals({ signal }: Session): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}
