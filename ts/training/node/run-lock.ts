import { lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { hasContainers, ownMark, parseMark, stateOf } from "../../io/node/process-mark.js";

/** A socket's path may have so many bytes on Linux; Node cuts a longer one without an error. */
const PATH_BYTES = 107;

/** A Unix socket that this process listens on. */
interface LockSocket {
  /** Number of the file system that it is on. */
  readonly device: number;
  /** Ends it, and removes its file. */
  close(): void;
}

/** Number of a folder's file system, which stays the same while any process has a file open on it. */
const deviceOf = (folder: string): number => statSync(folder).dev;

/**
 * Listens on a socket in a folder, until it is closed or the process ends, which it does not keep alive. A connection says only that the
 * process still runs. Null if the file system has no sockets, or processes cannot connect to them.
 */
async function listen(folder: string, name: string): Promise<LockSocket | null> {
  const server = createServer((client) => client.on("error", () => {}).destroy());
  const close = () => {
    server.close();
    rmSync(join(folder, name), { force: true });
  };
  try {
    await withShortPath(folder, name, (path) => {
      return new Promise<void>((resolve, reject) => {
        server.on("error", reject);
        // The primary process of a cluster would listen instead, and outlive this one.
        server.listen({ path, exclusive: true }, resolve);
      });
    });
    server.unref();
    if ((await ask(folder, name)) === "running") return { device: deviceOf(folder), close };
  } catch {
    // Without a socket.
  }
  close();
  return null;
}

/** Whether a process of this machine listens on a socket in a folder. "gone": it has ended; "unknown" if it cannot be asked. */
async function ask(folder: string, name: string): Promise<"running" | "gone" | "unknown"> {
  try {
    if (!lstatSync(join(folder, name)).isSocket()) return "unknown";
    await withShortPath(folder, name, (path) => {
      return new Promise<void>((resolve, reject) => {
        const client = connect({ path }).once("connect", () => {
          client.destroy();
          resolve();
        });
        client.on("error", reject);
      });
    });
    return "running";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EAGAIN: so many connections wait that another one has no room.
    return code === "ECONNREFUSED" ? "gone" : code === "EAGAIN" ? "running" : "unknown";
  }
}

/** Runs `body` with a path of the file that a socket's address can hold: a long one leads through the open folder. */
async function withShortPath<T>(folder: string, name: string, body: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= PATH_BYTES) return body(path);
  const handle = await open(folder, "r");
  try {
    return await body(`/proc/self/fd/${handle.fd}/${name}`);
  } finally {
    await handle.close();
  }
}

/**
 * A lock is called `run-<mark>.lock`. On Linux its process also listens on the socket `run-<mark>.sock`, which tells other containers whether
 * it still runs. Each lock belongs to one process, so removing a dead process's lock cannot remove a live one.
 */
const lockName = /^run-([0-9a-f-]+)\.lock$/;
const socketName = /^run-([0-9a-f-]+)\.sock$/;
const socketOf = (lock: string) => lock.replace(/lock$/, "sock");
/** Whether a file of that name is a lock, or the socket of one. */
export const isLock = (name: string) => lockName.test(name) || socketName.test(name);

/** Contents of a lock. The file's name says which process made it; `host`, `process` and `since` are for messages. */
interface Holder {
  readonly host: string;
  readonly process: number;
  readonly since: string;
  /** Number of the file system on which the lock's process listens; undefined if it does not listen. */
  readonly device: number | undefined;
}

type State = "own" | "running" | "gone" | "unknown";

interface Lock {
  readonly name: string;
  readonly state: State;
}

/** A younger lock, in milliseconds, may be released at once, as ours would be. */
const UNDECIDED_MS = 2_000;
const ATTEMPTS = 6;

/**
 * Locks a run's folder for this process until the returned function is called. Locks of killed processes are removed, also of those in other
 * containers of this machine; locks of other machines, which cannot be checked, are respected.
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
    // First the socket: another process that sees the lock can connect.
    const socket = hasContainers ? await listen(folder, socketOf(name)) : null;
    const release = () => {
      rmSync(join(folder, name), { force: true });
      socket?.close();
    };
    const since = new Date().toISOString();
    const holder: Holder = { host: hostname(), process: process.pid, since, device: socket?.device };
    try {
      writeFileSync(join(folder, name), `${JSON.stringify(holder)}\n`, { flag: "wx" });
      const other = await otherLock(folder, name);
      if (other === null) return release;
      if (attempt === ATTEMPTS || isDecided(folder, other)) throw inUse(folder, other);
    } catch (error) {
      release();
      throw error;
    }
    release();
    await sleep(20 + 100 * Math.random());
  }
}

/** A live process's lock that is not ours; removes locks of dead processes. */
async function otherLock(folder: string, own: string): Promise<Lock | null> {
  const names = readdirSync(folder);
  const locks = names.filter((name) => name !== own && lockName.test(name));
  // Without waiting: of two calls in this process, the first does not see the second.
  for (const name of locks) {
    const state = stateOfProcess(name);
    if (state === "own" || state === "running") return { name, state };
  }
  for (const name of locks) {
    const state = await stateOfLock(folder, name);
    if (state !== "gone") return { name, state };
    rmSync(join(folder, name), { force: true });
    rmSync(join(folder, socketOf(name)), { force: true });
  }
  // A process that was killed between its socket and its lock, or while it released both, has left the socket.
  const sockets = names.filter((name) => socketName.test(name) && !names.includes(name.replace(/sock$/, "lock")));
  for (const name of sockets) if (isAbandoned(folder, name)) rmSync(join(folder, name), { force: true });
  return null;
}

/** Whether the process of a socket without a lock has ended, or must have created its lock by now if it runs. */
const isAbandoned = (folder: string, socket: string) =>
  stateOf(parseMark(socketName.exec(socket)![1]!)) === "gone" || ageOf(folder, socket) > UNDECIDED_MS;

/** Whether a lock counts: another call of this process checks for locks first. */
const isDecided = (folder: string, { name, state }: Lock) => state === "own" || ageOf(folder, name) > UNDECIDED_MS;

/** Age of a file in milliseconds; -Infinity if it does not exist. */
const ageOf = (folder: string, name: string) =>
  Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity);

const stateOfProcess = (name: string) => stateOf(parseMark(lockName.exec(name)![1]!));

/** State of a lock's process, which is asked if it belongs to another container of this machine. */
async function stateOfLock(folder: string, name: string): Promise<State> {
  const state = stateOfProcess(name);
  if (state !== "container") return state;
  const { device } = readHolder(join(folder, name));
  // A container that has mounted the folder by itself, over a network, cannot connect to sockets of others.
  return device === deviceOf(folder) ? ask(folder, socketOf(name)) : "unknown";
}

function inUse(folder: string, { name, state }: Lock): ConfigError {
  const path = join(folder, name);
  const { host, process: id, since } = readHolder(path);
  const who = typeof id === "number" ? `process ${id}` : "a process";
  const where = typeof host === "string" ? ` of ${clip(host, 80)}` : "";
  const when = typeof since === "string" ? `, since ${clip(since, 40)}` : "";
  const advice =
    state !== "unknown"
      ? "wait for its end, stop it, or choose another folder"
      : `this machine cannot check whether it still runs; if it does not, remove ${path} and try again`;
  return new ConfigError(`${folder} is in use: ${who}${where} uses it${when}; ${advice}`, { folder, lock: path });
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
export async function isLocked(folder: string): Promise<boolean> {
  for (const name of readdirSync(folder)) {
    if (lockName.test(name) && (await stateOfLock(folder, name)) !== "gone") return true;
  }
  return false;
}
