import { parentPort, workerData } from "node:worker_threads";
import { report, runCase } from "./run-case.js";
import { goldenSeeds } from "./seeds.js";
import { readerTargets } from "./targets.js";

/** What scripts/fuzz/readers.mjs asks for. */
interface Work {
  /** Target and seed of the case that is running, for when it never ends. */
  readonly running: Int32Array;
  readonly seed: number;
  readonly seconds: number;
  /** Part of a target's name; "" for all. */
  readonly target: string;
  /** One case alone. */
  readonly only: { readonly target: number; readonly seed: number } | null;
}

// Not an import statement: package.json says that only built files have side effects, and the bundler believes it.
await import("../../setup/engine.js");

const { running, seed, seconds, target, only } = workerData as Work;
const targets = await readerTargets(await goldenSeeds());
const chosen = targets.map((_, i) => i).filter((i) => targets[i]!.name.includes(target));
const send = (message: object) => parentPort!.postMessage(message);

async function run(index: number, caseSeed: number): Promise<void> {
  Atomics.store(running, 0, index);
  Atomics.store(running, 1, caseSeed);
  const finding = report(await runCase(targets[index]!, caseSeed));
  if (finding !== null) send({ case: `${index}:${caseSeed}`, finding });
}

if (only !== null) await run(only.target, only.seed);
let cases = only === null ? 0 : 1;
const end = performance.now() + 1000 * seconds;
while (only === null && chosen.length > 0 && performance.now() < end) {
  for (const index of chosen) await run(index, (seed + cases) | 0);
  cases++;
}
send({ done: `${cases} cases for each of ${only === null ? chosen.length : 1} readers` });
