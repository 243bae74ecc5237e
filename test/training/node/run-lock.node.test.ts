// @needs linux
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { isLocked, lockRun } from "../../../ts/training/node/run-lock.js";
import { kill, markOf } from "../../io/node/other-processes.js";
import { temporaryFolder } from "../../io/temporary-folder.js";

/** A mark of the first process in another container of this machine. */
const mark = markOf(1, "1", "1");
const [lock, socket] = [`run-${mark}.lock`, `run-${mark}.sock`];
const undecided = /this machine cannot check whether it still runs; if it does not, remove/;

/** A process that listens on a socket until it is killed. */
async function listener(path: string): Promise<ChildProcess> {
  const code = "require('net').createServer().listen(process.argv[1], () => console.log('up'))";
  const child = spawn(process.execPath, ["-e", code, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

async function writeLock(folder: string, holder: object): Promise<void> {
  await writeFile(join(folder, lock), JSON.stringify({ host: "vm", process: 1, since: "2001-01-01", ...holder }));
  // Old enough not to be released at once.
  await utimes(join(folder, lock), 1, 1);
}

const deviceOf = async (folder: string) => (await stat(folder)).dev;

it("a lock of another container is its own while its process runs or is paused, and free once it was killed", async () => {
  const folder = await temporaryFolder();
  const child = await listener(join(folder, socket));
  await writeLock(folder, { device: await deviceOf(folder) });
  for (const signal of ["SIGCONT", "SIGSTOP"] as const) {
    child.kill(signal);
    expect(await isLocked(folder)).toBe(true);
    await expect(lockRun(folder)).rejects.toThrow(
      `${folder} is in use: process 1 of vm uses it, since 2001-01-01; wait for its end`,
    );
    expect((await readdir(folder)).sort()).toEqual([lock, socket]);
  }
  await kill(child);
  expect(await isLocked(folder)).toBe(false);
  const claims = await Promise.allSettled([lockRun(folder), lockRun(folder)]);
  expect(claims.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const names = await readdir(folder);
  expect(names).toHaveLength(2);
  expect(names).not.toContain(lock);
  for (const claim of claims) if (claim.status === "fulfilled") claim.value();
  expect(await readdir(folder)).toEqual([]);
});

it("a lock of another container is respected where its process cannot be asked", async () => {
  const folder = await temporaryFolder();
  await kill(await listener(join(folder, socket)));
  const device = await deviceOf(folder);
  // By a mount of its own, or without sockets.
  for (const holder of [{ device: device + 1 }, {}, { device: String(device) }]) {
    await writeLock(folder, holder);
    await expect(lockRun(folder)).rejects.toThrow(undecided);
  }
  // Its socket was removed, or a copy made a file of it.
  await writeLock(folder, { device });
  await rm(join(folder, socket));
  await expect(lockRun(folder)).rejects.toThrow(undecided);
  await writeFile(join(folder, socket), "");
  await expect(lockRun(folder)).rejects.toThrow(undecided);
  expect((await readdir(folder)).sort()).toEqual([lock, socket]);
});

it("a lock can be asked however long its folder's path is", async () => {
  const folder = join(await temporaryFolder(), "long".repeat(50));
  await mkdir(folder);
  const release = await lockRun(folder);
  const names = (await readdir(folder)).sort();
  expect(names).toEqual([expect.stringMatching(/^run-.*\.lock$/), expect.stringMatching(/^run-.*\.sock$/)]);
  // A process that could not connect to its socket would have removed it.
  expect((await stat(join(folder, names[1]!))).isSocket()).toBe(true);
  release();
  expect(await readdir(folder)).toEqual([]);
});

it("a socket without a lock, of a process that was killed between both, goes with the next lock", async () => {
  const folder = await temporaryFolder();
  await kill(await listener(join(folder, socket)));
  (await lockRun(folder))();
  expect(await readdir(folder)).toEqual([socket]);
  await utimes(join(folder, socket), 1, 1);
  (await lockRun(folder))();
  expect(await readdir(folder)).toEqual([]);
});

it("such a socket goes at once where its process is known to have ended", async () => {
  const folder = await temporaryFolder();
  const child = await listener(join(folder, "unnamed.sock"));
  const own = `run-${markOf(child.pid!)}.sock`;
  await rename(join(folder, "unnamed.sock"), join(folder, own));
  (await lockRun(folder))();
  expect(await readdir(folder)).toEqual([own]);
  await kill(child);
  (await lockRun(folder))();
  expect(await readdir(folder)).toEqual([]);
});
