import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { ownMark, parseMark, stateOf } from "../../io/node/process-mark.js";

/** Locks are called `run-<mark>.lock`. Each belongs to one process, so removing a dead process's lock cannot remove a live one. */
const lockName = /^run-([0-9a-f-]+)\.lock$/;
/** Whether a file of that name is a lock. */
export const isLock = (name: string) => lockName.test(name);

/** Who made a lock, for messages; the file's name is what counts. */
interface Holder {
  readonly host: string;
  readonly process: number;
  readonly since: string;
}

/** A younger lock, in milliseconds, may be released at once, as ours would be. */
const UNDECIDED_MS = 2_000;
const ATTEMPTS = 6;

/**
 * Locks a run's folder for this process until the returned function is called. Locks of killed processes are removed; those of other
 * machines, which cannot be checked, are respected.
 *
 * It first creates its own lock, then looks for others: of two concurrent calls, at least one sees the other. Throws `ConfigError` if
 * another process, or another call in this process, has the folder.
 */
export async function lockRun(folder: string): Promise<() => void> {
  const remove = await acquire(folder);
  process.once("exit", remove);
  return () => {
    process.off("exit", remove);
    remove();
  };
}

async function acquire(folder: string): Promise<() => void> {
  for (let attempt = 1; ; attempt++) {
    const name = `run-${ownMark()}.lock`;
    const release = () => rmSync(join(folder, name), { force: true });
    const holder: Holder = { host: hostname(), process: process.pid, since: new Date().toISOString() };
    try {
      writeFileSync(join(folder, name), `${JSON.stringify(holder)}\n`, { flag: "wx" });
      const other = otherLock(folder, name);
      if (other === null) return release;
      if (attempt === ATTEMPTS || isDecided(folder, other)) throw taken(folder, other);
    } catch (error) {
      release();
      throw error;
    }
    release();
    await sleep(20 + 100 * Math.random());
  }
}

/** Name of a live process's lock that is not ours; removes dead ones. */
function otherLock(folder: string, own: string): string | null {
  for (const name of readdirSync(folder)) {
    if (name === own || !lockName.test(name)) continue;
    if (stateOfLock(name) !== "gone") return name;
    rmSync(join(folder, name), { force: true });
  }
  return null;
}

/** Another call of this process checks for locks first. */
function isDecided(folder: string, name: string): boolean {
  if (stateOfLock(name) === "own") return true;
  const made = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return Date.now() - made > UNDECIDED_MS;
}

const stateOfLock = (name: string) => stateOf(parseMark(lockName.exec(name)![1]!));

function taken(folder: string, name: string): ConfigError {
  const path = join(folder, name);
  const { host, process: id, since } = readHolder(path);
  const who = typeof id === "number" ? `process ${id}` : "a process";
  const where = typeof host === "string" ? ` of ${clip(host, 80)}` : "";
  const when = typeof since === "string" ? `, since ${clip(since, 40)}` : "";
  const known = stateOfLock(name) !== "unknown";
  const advice = known
    ? "wait for its end, stop it, or choose another folder"
    : `this machine cannot check whether it still runs; if it does not, remove ${path} and try again`;
  return new ConfigError(`${folder} is in use: ${who}${where} trains in it${when}; ${advice}`, { folder, lock: path });
}

function readHolder(path: string): { readonly [name in keyof Holder]?: unknown } {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as object | null) ?? {};
  } catch {
    // Still being written, or removed by now.
    return {};
  }
}

/** Whether a process that may still be alive has the folder. Changes nothing. */
export function isLocked(folder: string): boolean {
  return readdirSync(folder).some((name) => lockName.test(name) && stateOfLock(name) !== "gone");
}
