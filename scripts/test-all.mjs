// node scripts/test-all.mjs: the whole matrix. Runs `npm test` as a reader of the README does, then what that leaves (scripts/test.mjs
// --rest). The last line is `N passed, N failed` of both.
import { added, clearOutcome, nothing, savedOutcome, showOutcome } from "./checks/outcome.mjs";
import { root } from "./setup/paths.mjs";
import { show, stopIfInterrupted } from "./setup/process.mjs";
import { explain } from "./setup/report.mjs";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** The outcome of a part, whose output is shown; null where it broke off. */
async function run(part, args) {
  clearOutcome(part);
  await show(npm, ["--silent", "test", ...args], { cwd: root });
  stopIfInterrupted();
  return savedOutcome(part);
}

/** A part that broke off, as one whose set-up lacks something. */
const brokenOff = (command) => ({ ...nothing, failed: 1, names: [`${command} broke off`] });

async function main() {
  const start = performance.now();
  const quick = await run("quick", []);
  // What `npm test` cannot set up, the rest cannot either.
  const rest = quick === null ? nothing : ((await run("rest", ["--", "--rest"])) ?? brokenOff("npm test -- --rest"));
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  showOutcome(added(quick ?? brokenOff("npm test"), rest), `Both parts took ${minutes} minutes.`);
}

await main().catch(explain);
