// node scripts/check.mjs [--base REV]: checks what has changed since REV (default: the last commit), in one build.
// For the time between two edits; `npm test` runs everything.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runChecks } from "./checks/run.mjs";
import { lint, lintTypes, style, types } from "./checks/sources.mjs";
import { setUp, stepsForDist } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { explain } from "./setup/report.mjs";

function git(...args) {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
}

/** Files that differ from `base` or are new, and are still there. */
function changedFiles(base) {
  const files = [...git("diff", "--name-only", base), ...git("ls-files", "--others", "--exclude-standard")];
  return files.filter((file) => existsSync(join(root, file)));
}

/** The checks that these files call for, the longest first. */
function checksFor(files, base) {
  const linted = files.filter((file) => /\.(ts|tsx|js|mjs)$/.test(file));
  const styled = files.filter((file) => /\.(ts|tsx|js|mjs|json|css|html|yml)$/.test(file));
  const rust = files.some((file) => file.startsWith("crates/"));
  const projects = ["node-simd", "node", "node-shared"].flatMap((name) => ["--project", name]);
  const tests = ["vitest", "run", "--changed", base, ...projects];
  const web = files.some((file) => file.startsWith("web/"));
  return [
    { name: "vitest", command: tests, env: { LOWRANK_TESTS: "quick" } },
    ...(rust ? [{ name: "cargo-test", command: ["cargo", "test", "--workspace"] }] : []),
    ...(linted.length > 0 ? [lint(linted), lintTypes(linted), types("tsc", ".")] : []),
    ...(web ? [types("tsc-web", "web")] : []),
    ...(styled.length > 0 ? [style(styled)] : []),
  ];
}

async function main({ base = "HEAD" }) {
  const start = performance.now();
  await setUp(stepsForDist);
  const files = changedFiles(base);
  console.log(`▸ ${files.length} files differ from ${base}`);
  const { passed, failed } = await runChecks(checksFor(files, base), 2);
  if (failed > 0) process.exitCode = 1;
  console.log(`\n${passed} checks passed, ${failed} failed, in ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

await main(parseArgs({ options: { base: { type: "string" } } }).values).catch(explain);
