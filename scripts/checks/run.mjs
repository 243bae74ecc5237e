import { join } from "node:path";
import { pathWith, root } from "../setup/paths.mjs";
import { show, stopIfInterrupted, watch } from "../setup/process.mjs";
import { seconds } from "../setup/report.mjs";
import { added, nothing } from "./outcome.mjs";

/** Where a test that fails and then passes by itself has failed: a developer is told of the race, CI stops for it. */
const inCI = process.env.CI !== undefined;

/**
 * Runs checks, `atOnce` of them beside each other and each as soon as there is room, and returns `{ passed, failed, names, unsteady }` of all:
 * `names` say what failed, `unsteady` what failed and then passed by itself, which counts as failed in CI.
 */
export async function runChecks(checks, atOnce) {
  const waiting = [...checks];
  const results = [];
  const runNext = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) results.push(await runCheck(check));
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
  return results.reduce(added, nothing);
}

/** Runs a check to its end, and what it left if it broke off, and shows the output if it fails. Returns what `runChecks` does. */
async function runCheck({ name, command: [program, ...args], path = [], env, hint, count, loud, again, alone }) {
  const start = performance.now();
  const PATH = pathWith(join(root, "node_modules/.bin"), ...path);
  const options = { cwd: root, env: { ...env, PATH }, label: name };
  if (loud) console.log(`▸ ${name}`);
  const { code, output } = loud
    ? { code: await show(program, args, options), output: "" }
    : await watch(program, args, options);
  stopIfInterrupted();
  const rest = code === 0 ? null : (again?.() ?? null);
  const result = judge(name, rest === null ? code : 0, count?.(output));
  if (result.failed === 0) {
    console.log(`▸ ${name} passed${count ? ` (${result.passed})` : ""} in ${seconds(start)}`);
  } else {
    if (output) console.log(output.trimEnd());
    console.log(`▸ ${name} FAILED (${result.failed}) in ${seconds(start)}`);
    if (hint && /not (be )?installed|no such command/.test(output)) console.log(`  try: ${hint}`);
  }
  const settled = result.failed > 0 ? await runAlone(result, alone?.() ?? null) : result;
  return rest === null ? settled : added(settled, await runCheck(rest));
}

/** The result where what failed has run by itself: what passed then is unsteady, what failed again has failed. */
async function runAlone(result, check) {
  if (check === null) return result;
  const again = await runCheck(check);
  const failedAgain = new Set(again.names.map(nameOfTest));
  const unsteady = result.names.filter((name) => !failedAgain.has(nameOfTest(name)));
  // Another failure than those of before, such as a run that broke off, leaves the result as it was.
  if (result.names.length - unsteady.length !== again.failed) return result;
  const excused = inCI ? 0 : unsteady.length;
  return { ...result, passed: result.passed + excused, failed: result.failed - excused, names: again.names, unsteady };
}

/** What `judge` puts after the name of its check. */
const nameOfTest = (name) => name.slice(name.indexOf(" ") + 1);

/** A check without a count is one test; a skipped test and a run that broke off count as failures. */
function judge(name, code, count) {
  if (count === undefined) return code === 0 ? passedAll(1) : failedBy(0, 1, [name]);
  const failed = count.failed + count.skipped;
  if (failed > 0) return failedBy(count.passed, failed, count.names?.map((test) => `${name} ${test}`) ?? [name]);
  return code === 0 ? passedAll(count.passed) : failedBy(count.passed, 1, [`${name}: it broke off`]);
}

const passedAll = (passed) => ({ passed, failed: 0, names: [], unsteady: [] });
const failedBy = (passed, failed, names) => ({ passed, failed, names, unsteady: [] });
