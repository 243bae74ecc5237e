import { lstatSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

/** A socket's path may have so many bytes on Linux; Node cuts a longer one without an error. */
const PATH_BYTES = 107;

/** A Unix socket that this process listens on. */
export interface LockSocket {
  /** Number of the file system that it is on. */
  readonly device: number;
  /** Ends it, and removes its file. */
  close(): void;
}

/** Number of a folder's file system, which stays the same while any process has a file open on it. */
export const deviceOf = (folder: string): number => statSync(folder).dev;

/**
 * Listens on a socket in a folder, until it is closed or the process ends, which it does not keep alive. A connection says only that the
 * process still runs. Null if the file system has no sockets, or processes cannot connect to them.
 */
export async function listen(folder: string, name: string): Promise<LockSocket | null> {
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
export async function ask(folder: string, name: string): Promise<"running" | "gone" | "unknown"> {
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
