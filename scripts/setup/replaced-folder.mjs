import { existsSync, renameSync, rmSync } from "node:fs";
import { clearStamp, setStamp } from "./stamp.mjs";

/**
 * Puts what `build` writes to a new folder in place of `place`, which stays until the new one is complete.
 * @param {{ place: string, fresh: string, stamp: string, hash: string }} how `fresh` is where it is built, `hash` that of its inputs
 * @param {(folder: string) => Promise<unknown>} build
 */
export async function replaceFolder({ place, fresh, stamp, hash }, build) {
  const built = `${fresh}-${process.pid}`;
  const old = `${built}-old`;
  try {
    await build(built);
    clearStamp(stamp);
    if (existsSync(place)) renameSync(place, old);
    renameSync(built, place);
    setStamp(stamp, hash);
  } finally {
    rmSync(built, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}
