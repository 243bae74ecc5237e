import { join } from "node:path";
import { expect, it } from "vitest";
import { alter, inProcess, replaceCode, withCopy } from "../setup/node-process.js";

/** f32x4.mul, and as many bytes that trap: unreachable, nop, nop. */
const [MULTIPLY, TRAP] = [[0xfd, 0xe6, 0x01], [0x00, 0x01, 0x01]] as const; // prettier-ignore

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

it("a worker that dies in a call makes it throw, and the threads that are left go on", async () => {
  await withCopy(async (dist) => {
    const file = join(dist, "wasm/lowrank-simd-threads.wasm");
    const trapping = join(dist, "trapping.wasm");
    await alter(file, (bytes) => replaceCode(bytes, MULTIPLY, TRAP), trapping);
    // Only the workers get the binary whose products trap.
    await alter(join(dist, "worker-node.js"), (bytes) => `import { readFileSync } from "node:fs";
      import { workerData as given } from "node:worker_threads";
      given.module = new WebAssembly.Module(readFileSync(${JSON.stringify(trapping)}));
      ${new TextDecoder().decode(bytes)}`); // prettier-ignore
    const found = await inProcess<{ errors: unknown[] }>(program, { dist });
    expect(found).toMatchObject({ threads: 3, values: [128], workers: 0, last: [128] });
    // Two that die in one call are one error.
    expect(found.errors.length === 1 || found.errors.length === 2).toBe(true);
    for (const error of found.errors) expect(error).toEqual(["EngineError", "ENGINE"]);
  });
});
