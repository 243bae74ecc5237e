import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { engine, init } from "../../../ts/engine/engine.js";
import { type PoolWorker, setWorkerHost, type WorkerData } from "../../../ts/engine/pool.js";
import { setBinaryLocator } from "../../../ts/engine/source.js";
import { bitsOf, checkRefusals, runWatched } from "./check.js";
import { compare, type Expected, type Tally } from "./compare.js";
import { type Answer, fromBase64, type Question, question } from "./exchange.js";
import { generate } from "./generate.js";
import { goldenLine } from "./golden-file.js";
import { statements } from "./program.js";

/* What `scripts/fuzz/programs.mjs` runs; it bundles this file. */

/** Starts the engine with binaries and workers of the project. */
export async function start(root: string, build: "simd" | "relaxed" | "auto", threads: number): Promise<string> {
  setBinaryLocator((variant) => readFile(join(root, `build/wasm/${variant}/lowrank_wasm_bg.wasm`)));
  const spawn = (workerData: WorkerData): PoolWorker => {
    const worker = new Worker(join(root, "dist/worker-node.js"), { workerData });
    const ready = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    return { ready: ready.then(() => worker.unref()), end: () => worker.terminate() };
  };
  setWorkerHost({ concurrency: () => threads, spawn });
  const info = await init({ build, threads });
  return `${info.build}, ${info.threads} thread${info.threads === 1 ? "" : "s"}`;
}

/** Asks PyTorch. */
export type Ask = (question: Question) => Promise<Answer>;

/** What was found out so far. */
export interface Totals extends Tally {
  programs: number;
  statements: number;
  refused: number;
}

export const totals = (): Totals => ({ programs: 0, statements: 0, refused: 0, elements: 0, unsure: 0, worst: 0 });

/**
 * Checks the program of a seed: the same bits again and with every tile, in memory that no two tensors share; after each
 * refused request for memory; and PyTorch's numbers, where it is there to ask. Throws at what is wrong.
 */
export async function checkSeed(seed: number, ask: Ask | null, refusals: number, sum: Totals): Promise<void> {
  const program = generate(seed);
  const run = runWatched(program);
  const expected = bitsOf(run.events);
  const { kernels, tile } = engine();
  const chosen = kernels.tile();
  for (let other = 0; other < kernels.tile_count(); other++) {
    if (kernels.tile_columns(other) !== tile.current.columns) continue;
    kernels.set_tile(other);
    const again = bitsOf(runWatched(program).events);
    const at = again.findIndex((event, i) => event !== expected[i]);
    if (at >= 0)
      throw new Error(`tile ${other}: event ${at} is ${again[at]!.slice(0, 200)}, not ${expected[at]!.slice(0, 200)}`);
  }
  kernels.set_tile(chosen);
  if (refusals > 0) sum.refused += checkRefusals(program, expected, refusals).refused;
  if (ask !== null) compare(run.events, decoded(await ask(question(program, run.masks()))), sum);
  const wild = generate(seed, { wild: true });
  const wildBits = bitsOf(runWatched(wild).events).join();
  if (bitsOf(runWatched(wild).events).join() !== wildBits)
    throw new Error("numbers that are no ordinary ones: other bits");
  sum.programs++;
  sum.statements += [...statements(program.body)].length;
}

/** A line of test/golden/programs for a small program. */
export async function golden(seed: number, ask: Ask): Promise<string> {
  const program = generate(seed, { elements: 20, statements: 9 });
  const run = runWatched(program);
  const masks = run.masks();
  const answer = decoded(await ask(question(program, masks)));
  compare(run.events, answer, totals());
  return goldenLine({ program, masks }, answer);
}

/** The program of a seed, readable. */
export const show = (seed: number): string => JSON.stringify(generate(seed), null, 1);

function decoded(answer: Answer): Expected[] {
  if ("failure" in answer) throw new Error(`PyTorch: ${answer.failure}`);
  return answer.events.map(({ what, id, value, tolerance }) => ({
    what,
    id,
    value: value === null ? null : new Float64Array(fromBase64(value)),
    tolerance: tolerance === null ? null : new Float32Array(fromBase64(tolerance)),
  }));
}
