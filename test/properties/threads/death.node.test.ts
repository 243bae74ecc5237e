// @rest kills
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { alter, inProcess, replaceCode, withCopy } from "../../setup/node-process.js";

type Bytes = readonly [number, number, number];
/** f32x4 instructions, and as many bytes that trap: unreachable, nop, nop. */
const [ABS, SQRT, MULTIPLY, TRAP] = [[0xfd, 0xe0, 0x01], [0xfd, 0xe3, 0x01], [0xfd, 0xe6, 0x01], [0x00, 0x01, 0x01]] as const; // prettier-ignore

/** Gives the workers a binary of their own, in which an instruction traps, and runs `prelude` in them before they start. */
async function inWorkers(dist: string, instruction: Bytes, prelude = ""): Promise<void> {
  const trapping = join(dist, "trapping.wasm");
  await alter(threaded(dist), (bytes) => replaceCode(bytes, instruction, TRAP), trapping);
  await alter(join(dist, "worker-node.js"), (bytes) => `import { readFileSync } from "node:fs";
    import { workerData as given } from "node:worker_threads";
    given.module = new WebAssembly.Module(readFileSync(${JSON.stringify(trapping)}));
    { ${prelude} }
    ${new TextDecoder().decode(bytes)}`); // prettier-ignore
}

const threaded = (dist: string) => join(dist, "wasm/lowrank-simd-threads.wasm");

/** Products until no worker is left, each of which is right or throws. */
const program = `
  const { threads } = await lowrank.init({ threads: 3, build: "simd" });
  const { tensor } = lowrank;
  const graph = new lowrank.Graph();
  const ones = graph.constant(tensor([128, 128], new Array(128 ** 2).fill(1)));
  const product = () => graph.step(() => [...new Set(graph.value(graph.matmul(ones, ones)).data)]);
  const [errors, values] = [[], new Set()];
  while (workers() > 0) {
    for (let i = 0; i < 100; i++) {
      try { product().forEach((value) => values.add(value)) } catch (error) { errors.push([error.name, error.code]) }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  tell({ threads, errors, values: [...values], workers: workers(), last: product() });`;

/** What the program tells where both workers died in a call. */
async function bothDie(dist: string): Promise<void> {
  const found = await inProcess<{ errors: unknown[] }>(program, { dist });
  expect(found).toMatchObject({ threads: 3, values: [128], workers: 0, last: [128] });
  // Two that die in one call are one error.
  expect(found.errors.length === 1 || found.errors.length === 2).toBe(true);
  for (const error of found.errors) expect(error).toEqual(["EngineError", "ENGINE"]);
}

it("a worker that traps in a call makes it throw, and the threads that are left go on", async () => {
  await withCopy(async (dist) => {
    await inWorkers(dist, MULTIPLY);
    await bothDie(dist);
  });
});

it("so does one that is gone in the middle of a task without a word", async () => {
  await withCopy(async (dist) => {
    // What it would say last is that it failed; in place of that it ends at once, the task claimed and not done.
    const silent = `
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...given) => {
        const { exports } = await instantiate(...given);
        return { exports: { ...exports, worker_failed: () => process.exit(3) } };
      };`;
    await inWorkers(dist, MULTIPLY, silent);
    await bothDie(dist);
  });
});

it("a trap in the caller's own part makes the call throw, and the pool is free for the next", async () => {
  await withCopy(async (dist) => {
    // The main thread traps in square roots, the workers in absolute values.
    const sound = await readFile(threaded(dist));
    await inWorkers(dist, ABS);
    await alter(threaded(dist), () => replaceCode(sound, SQRT, TRAP));
    const found = await inProcess<object>(
      `
      const { threads } = await lowrank.init({ threads: 2, build: "simd" });
      const graph = new lowrank.Graph();
      const [large, small] = [2 ** 20, 3].map((n) => graph.constant(lowrank.tensor([n], new Float32Array(n).fill(4))));
      const errorOf = (run) => {
        try { graph.step(run); return null } catch ({ name, code, cause }) { return [name, code, cause?.name] }
      };
      // Room for its result, which the graph keeps.
      graph.step(() => graph.neg(large));
      const { used } = lowrank.engineInfo().memory;
      // The worker may have done all before the caller came to it.
      const deadline = Date.now() + 20_000;
      const trapOf = (x) => { for (;;) { const found = errorOf(() => graph.sqrt(x)); if (found ?? Date.now() > deadline) return found } };
      const caller = [large, small, large].map(trapOf);
      const leaked = lowrank.engineInfo().memory.used - used;
      const sum = graph.step(() => graph.value(graph.sum(graph.neg(large))).data[0]);
      // Only a worker that gets a part of it traps here: were the pool busy, the caller would do all.
      let worker = null;
      const end = Date.now() + 20_000;
      while (worker === null && Date.now() < end) worker = errorOf(() => graph.abs(large));
      const alone = errorOf(() => graph.abs(large));
      tell({ threads, caller, sum, worker, alone, leaked });`,
      { dist },
    );
    const trap = ["EngineError", "ENGINE", "RuntimeError"];
    const worker = ["EngineError", "ENGINE", null];
    expect(found).toEqual({ threads: 2, caller: [trap, trap, trap], sum: -(2 ** 22), worker, alone: null, leaked: 0 });
  });
});

it.each(["worker", "Worker.prototype"])(
  "%s.terminate() from outside leaves no call waiting, whenever it comes",
  async (by) => {
    const found = await inProcess<{ wrong: number; done: number; errors: string[]; last: number[] }>(`
    const { Worker } = await import("node:worker_threads");
    const { createEngine, Graph, tensor } = lowrank;
    const pool = [];
    process.on("worker", (worker) => pool.push(worker));
    const tale = { wrong: 0, done: 0, errors: [], last: [] };
    for (let round = 0; round < 30; round++) {
      const engine = await createEngine({ build: "simd", threads: 3 });
      const graph = new Graph({ engine });
      const ones = graph.constant(tensor([256, 256], new Float32Array(256 ** 2).fill(1)));
      const product = () => {
        try {
          const right = graph.step(() => graph.value(graph.matmul(ones, ones)).data.every((value) => value === 256));
          if (right) tale.done++; else tale.wrong++;
          return right;
        } catch (error) {
          tale.errors.push(error.name + ": " + error.message);
        }
      };
      for (let i = 0; i < round % 4; i++) product();
      for (const worker of pool.splice(0)) {
        // Asleep, or awake after a job.
        if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        else product();
        ${by}.terminate.call(worker);
        product();
      }
      for (let i = 0; i < 20; i++) product();
      await new Promise(setImmediate);
      tale.last.push(product());
      await engine.close();
    }
    tell({ ...tale, errors: [...new Set(tale.errors)] });`);
    expect(found.wrong).toBe(0);
    expect(found.done).toBeGreaterThan(500);
    expect(found.last).toEqual(Array.from({ length: 30 }, () => true));
    const died = "EngineError: a thread died in a kernel, whose result is lost; go on from a checkpoint";
    // By the worker's own method the pool hears of it, and gives that worker nothing more.
    expect(found.errors.filter((error) => by === "worker" || error !== died)).toEqual([]);
  },
);
