import { isAbsolute } from "node:path";
import { CommanderError } from "commander";
import { AbortError, ConfigError, LowrankError } from "../errors/errors.js";
import { throwIfAborted } from "../waiting/abort.js";
import { nextTask } from "../waiting/next-task.js";
import { newestRuns } from "./files/run-folder.js";
import { oneLine, type Terminal } from "./terminal/terminal.js";

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

/** Exit codes of the process. */
export const exitCodes = { ok: 0, error: 1, usage: 2, interrupted: 130 } as const;

/** The most runs that an error lists. */
const SHOWN = 8;

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Prints an error for the user and returns its exit code. `debug` adds the stack. */
export function reportError(error: unknown, terminal: Terminal, debug: boolean): ExitCode {
  // Commander has printed its message or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (debug && error instanceof Error) terminal.error(error.stack ?? String(error));
  if (error instanceof AbortError) {
    terminal.error("interrupted");
    return exitCodes.interrupted;
  }
  const { red } = terminal.errorColors;
  terminal.error(`${red("error:")} ${messageOf(error)}`);
  if (!debug && !isExpected(error))
    terminal.error("This is an unexpected error; run the command again with --debug to see where it happened.");
  return exitCodes.error;
}

/** Errors of ours, and the system's ("ENOSPC: no space left on device"), explain themselves. */
function isExpected(error: unknown): boolean {
  return error instanceof LowrankError || (error instanceof Error && "syscall" in error);
}

function messageOf(error: unknown): string {
  // Node's message is "ENOENT: no such file or directory, uv_cwd".
  if ((error as NodeJS.ErrnoException | null)?.syscall === "uv_cwd")
    return "the working folder no longer exists: change to another one, and run this again";
  return error instanceof Error ? error.message + columnAdvice(error) + runsAdvice(error) : String(error);
}

/** The finished runs under runs/, if a folder with a relative path is missing; otherwise empty. */
function runsAdvice(error: Error): string {
  const { folder } = error instanceof LowrankError ? error.details : {};
  if (typeof folder !== "string" || isAbsolute(folder) || !error.message.includes("there is no folder")) return "";
  const runs = newestRuns();
  if (runs.length === 0) return "";
  const more = runs.length > SHOWN ? ` and ${runs.length - SHOWN} more` : "";
  return `\nThe finished runs, the newest first: ${runs.slice(0, SHOWN).map(oneLine).join(", ")}${more}`;
}

/** The options that name columns, if a table lacks one; otherwise empty. */
function columnAdvice(error: Error): string {
  const { column, allowed, fields } = error instanceof ConfigError ? error.details : {};
  if (column === undefined || !Array.isArray(allowed)) return "";
  // A first line that is not a header has texts, not names.
  const name = (allowed as string[]).find((other) => /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(other));
  if (Array.isArray(fields)) return `; name the columns with --fields, such as ${fields.join("=…,")}=…`;
  const such = name === undefined || error.message.endsWith("?") ? "" : `, such as --text ${name},`;
  const start = error.message.endsWith("?") ? " Name" : "; name";
  return `${start} the column of texts with --text${such} and the column of labels with --label`;
}
