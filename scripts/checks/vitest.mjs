import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { countVitest, failedFiles, vitestReport } from "./count.mjs";

/** Where the reporter `running.mjs` lists the test files that had no browser left to run in. */
const leftFile = join(root, "build/left.json");

/** With more failed files than this, something is wrong that no second run can excuse. */
const MOST_FAILED_FILES = 3;

/**
 * A check that runs vitest. Files that a browser left, because it closed in the middle of the run, run once more in a new one. Files with
 * failed tests run once more by themselves: a test that passes then depends on time or on others, which the last lines say.
 */
export function vitest(name, env, ...args) {
  const check = runOf(name, env, args);
  return { ...check, again: () => rest(name, env), alone: () => failedAlone(check, env, args) };
}

/** The check of the files with failed tests; null if there are none, or too many. */
function failedAlone({ name, report }, { LOWRANK_MINUTES: _, ...env }, args) {
  const files = failedFiles(report);
  if (files.length === 0 || files.length > MOST_FAILED_FILES) return null;
  const options = args.includes("--config") ? args.slice(0, args.indexOf("--config") + 2) : [];
  return runOf(`${name}-alone`, env, [...options, ...files]);
}

function runOf(name, env, args) {
  const report = vitestReport(name);
  const reporters = ["--reporter=default", "--reporter=./scripts/checks/running.mjs", "--reporter=json"];
  return {
    name,
    command: ["vitest", "run", ...reporters, `--outputFile.json=${report}`, ...args],
    env: { ...env, LOWRANK_LEFT: leftFile },
    count: () => countVitest(report),
    report,
    loud: true,
  };
}

/** The check of the files that were left, in the projects that they were left in; null if there are none. */
function rest(name, env) {
  if (!existsSync(leftFile)) return null;
  const left = JSON.parse(readFileSync(leftFile, "utf8"));
  rmSync(leftFile);
  const projects = [...new Set(left.map(({ project }) => project))];
  const files = [...new Set(left.map(({ file }) => file))];
  console.log(`  A browser closed before its end; ${files.length} files of ${projects.join(", ")} run in a new one.`);
  const { LOWRANK_MINUTES: _, ...others } = env;
  return runOf(`${name}-rest`, others, [...projects.flatMap((project) => ["--project", project]), ...files]);
}
