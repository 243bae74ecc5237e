/**
 * Kills training runs with -9 at random moments and in the middle of writing, resumes them, and compares the result with an
 * undisturbed run's, to the bit: `node scripts/fuzz/kills.mjs --count 50`. `npm test` does the same a few times.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { count } = parseArgs({ options: { count: { type: "string", default: "20" } } }).values;
if (!/^[1-9]\d*$/.test(count)) throw new Error(`--count: a whole number from 1 is expected, got ${count}`);

const vitest = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--project",
  "node",
  "test/properties/kills/kills.node.test.ts",
];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: new URL("../..", import.meta.url),
  env: { ...process.env, LOWRANK_KILLS: count },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
