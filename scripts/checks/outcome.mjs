import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { writeAtomically } from "../setup/stamp.mjs";

/** @typedef {{ passed: number, failed: number, names: string[], unsteady: string[] }} Outcome what `runChecks` returns */

/** @type {Outcome} */
export const nothing = { passed: 0, failed: 0, names: [], unsteady: [] };

/**
 * @param {Outcome} a
 * @param {Outcome} b
 * @returns {Outcome} both
 */
export function added(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    names: [...a.names, ...b.names],
    unsteady: [...a.unsteady, ...b.unsteady],
  };
}

/** Says what failed, and at last `N passed, N failed`, after `sentence`; sets the exit code. */
export function showOutcome({ passed, failed, names, unsteady }, sentence) {
  if (failed > 0 || passed === 0) process.exitCode = 1;
  if (unsteady.length > 0)
    console.log(`\nFailed, and passed when run again by itself (find the race):\n  ${unsteady.join("\n  ")}`);
  if (names.length > 0) console.log(`\nFailed:\n  ${names.join("\n  ")}`);
  console.log(`\n${sentence}`);
  console.log(`${passed} passed, ${failed} failed`);
}

const fileOf = (part) => join(root, `build/outcome-${part}.json`);

/** Keeps the outcome of a part of the matrix, for the sum of both. */
export function saveOutcome(part, outcome) {
  writeAtomically(fileOf(part), JSON.stringify(outcome));
}

/** @returns {Outcome | null} of a part that has ended; null of one that broke off. */
export function savedOutcome(part) {
  return existsSync(fileOf(part)) ? JSON.parse(readFileSync(fileOf(part), "utf8")) : null;
}

export function clearOutcome(part) {
  rmSync(fileOf(part), { force: true });
}
