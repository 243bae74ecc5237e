import { join } from "node:path";
import { pathWith, root } from "../setup/paths.mjs";
import { show, stopIfInterrupted, watch } from "../setup/process.mjs";
import { seconds } from "../setup/report.mjs";

/** Runs checks, `atOnce` of them beside each other and each as soon as there is room, and returns `{ passed, failed }` of all. */
export async function runChecks(checks, atOnce) {
  const waiting = [...checks];
  const results = [];
  const runNext = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) results.push(await runCheck(check));
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
  return results.reduce(add, { passed: 0, failed: 0 });
}

function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** Runs a check to its end, and what it left if it broke off; shows the output if it fails, and returns `{ passed, failed }`. */
async function runCheck({ name, command: [program, ...args], path = [], env, hint, count, loud, again }) {
  const start = performance.now();
  const PATH = pathWith(join(root, "node_modules/.bin"), ...path);
  const options = { cwd: root, env: { ...env, PATH }, label: name };
  if (loud) console.log(`▸ ${name}`);
  const { code, output } = loud
    ? { code: await show(program, args, options), output: "" }
    : await watch(program, args, options);
  stopIfInterrupted();
  const rest = code === 0 ? null : (again?.() ?? null);
  const result = judge(rest === null ? code : 0, count?.(output));
  if (result.failed === 0) {
    console.log(`▸ ${name} passed${count ? ` (${result.passed})` : ""} in ${seconds(start)}`);
  } else {
    if (output) console.log(output.trimEnd());
    console.log(`▸ ${name} FAILED (${result.failed}) in ${seconds(start)}`);
    if (hint && /not (be )?installed|no such command/.test(output)) console.log(`  try: ${hint}`);
  }
  return rest === null ? result : add(result, await runCheck(rest));
}

/** A check without a count is one test; a skipped test and a run that broke off count as failures. */
function judge(code, count) {
  if (count === undefined) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const failed = count.failed + count.skipped;
  return { passed: count.passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}
