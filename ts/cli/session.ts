import { throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import type { ExitCode } from "./exit-codes.js";
import type { Terminal } from "./terminal/terminal.js";

/** A command that can stop a part of its work. */
export interface Interruption {
  /** Stops the part and returns whether it did; null if there is nothing to stop. */
  handler: (() => boolean) | null;
}

/** Parts that every command uses. */
export interface Session {
  readonly terminal: Terminal;
  /** Aborted when the user presses Ctrl-C. */
  readonly signal: AbortSignal;
  /** Handles Ctrl-C before `signal` is aborted. */
  readonly interruption: Interruption;
  /** How this program was called, for commands to copy: "npx lowrank". */
  readonly self: string;
  /** The exit code if nothing is thrown. */
  exitCode: ExitCode;
}

/** Called between two pieces of blocking work: lets a waiting abort through, and throws `AbortError` then. */
export async function hearSignals({ signal }: Session): Promise<void> {
  await nextTask();
  throwIfAborted(signal);
}
