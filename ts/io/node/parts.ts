import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Unfinished files and folders are called `.<name>.part-<process>-<random>` until they are renamed. */
const partName = /\.part-(\d+)-[0-9a-f]+$/;

/** A name beside the finished one's for something unfinished. */
export const partOf = (name: string) => `.${name}.part-${process.pid}-${randomBytes(4).toString("hex")}`;

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A process of another machine that shares the folder cannot be asked whether it runs: its parts get this long. */
const GRACE_MS = 10 * 60 * 1000;

/** Removes what processes that were killed left unfinished in a folder. Failing at it is no error. */
export async function sweepParts(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const processId = partName.exec(name)?.[1];
    if (processId === undefined || isRunning(Number(processId))) continue;
    const path = join(directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > GRACE_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
