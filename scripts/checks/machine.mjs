import { spawnSync } from "node:child_process";
import { findChromium } from "../browsers/chromium.mjs";

/**
 * What some tests need and a machine may lack: whether it is here, and what to say where it is not. A test file names it in a tag: `// @needs browser`.
 * @satisfies {Record<string, { isHere: () => boolean, without: string }>}
 */
const needs = {
  browser: {
    isHere: () => findChromium() !== null,
    without:
      "No Chromium was found, so no test in a browser ran. Install one (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  },
  unix: {
    isHere: () => process.platform !== "win32",
    without: "Windows has no named pipes in its folders, so their tests did not run.",
  },
  linux: {
    isHere: () => process.platform === "linux",
    without: "Tests of signals, of open files and of what /proc tells ran only on Linux.",
  },
  disks: {
    isHere: () => spawnSync("unshare", ["-Urm", "true"]).status === 0,
    without:
      "Users may not mount a small disk in a namespace here (unshare -Urm), so tests of full disks, and of processes that are killed while they write, did not run.",
  },
};

/** @typedef {keyof typeof needs} Need */

/** What this machine lacks. */
export function lacking() {
  return /** @type {Need[]} */ (Object.keys(needs)).filter((name) => !needs[name].isHere());
}

/** A sentence for each need that this machine lacks. */
export function lackingSentences() {
  return lacking().map((name) => needs[name].without);
}
