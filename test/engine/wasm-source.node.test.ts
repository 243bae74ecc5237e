import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { inProcess } from "../setup/node-process.js";

interface Told {
  readonly name: string;
  readonly message: string;
}

const refused = (wasm: string) =>
  inProcess<Told>(`
    const error = await lowrank.init({ build: "simd", wasm: ${wasm} }).catch((error) => error);
    tell({ name: error.name, message: error.message });`);

describe("wasm that is none", () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<!doctype html><p>app"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  it("is named where a server answers with a page, with what to do", async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lowrank-simd.wasm`;
    const { name, message } = await refused(JSON.stringify(address));
    expect(name).toBe("UnsupportedError");
    expect(message).toMatch(/simd\.wasm answered with no WebAssembly binary but an HTML page; .*optimizeDeps.*exclude/);
  });

  it("is named where the caller's bytes begin otherwise", async () => {
    const { name, message } = await refused('new TextEncoder().encode("not a binary")');
    expect(name).toBe("ConfigError");
    expect(message).toBe('init: wasm is no WebAssembly binary but what begins with "not a binary"');
  });
});

it("a later call that names another worker is refused where the first one's threads did not start", async () => {
  const { again, other } = await inProcess<{ again: number; other: string }>(`
    await lowrank.init({ threads: 2, worker: "/nowhere/worker.js" });
    const { threads: again } = await lowrank.init({ threads: 2, worker: "/nowhere/worker.js" });
    const other = await lowrank.init({ threads: 2, worker: "/elsewhere/worker.js" }).catch(String);
    tell({ again, other });`);
  expect(again).toBe(1);
  expect(other).toMatch(
    /^ConfigError: init: the engine already runs with threads 1; for threads 2, call `createEngine`/,
  );
});

describe("why there is one thread", () => {
  const threadsOf = (options: string) =>
    inProcess<{ threads: number; why: string | null }>(`
      const { threads, threadsRefused: why } = await lowrank.init(${options});
      tell({ threads, why });`);

  it("is not said where one was asked for", async () => {
    expect(await threadsOf("{ threads: 1 }")).toEqual({ threads: 1, why: null });
  });

  it("names the worker's file that is not there, and what to do", async () => {
    const { threads, why } = await threadsOf('{ threads: 2, worker: "/nowhere/worker.js" }');
    expect(threads).toBe(1);
    expect(why).toMatch(/did not start from \/nowhere\/worker\.js: there is no such file; .*init\(\{ worker \}\)/);
  });

  it("has no reason where a function starts the workers", async () => {
    const { threads, why } = await inProcess<{ threads: number; why: string | null }>(`
      const { Worker } = await import("node:worker_threads");
      const { threads, threadsRefused: why } = await lowrank.init({ threads: 3, worker: () => new Worker(${JSON.stringify(join(root, "dist/worker-node.js"))}, { execArgv: [] }) });
      const graph = new lowrank.Graph();
      graph.value(graph.matmul(graph.constant(lowrank.zeros([256, 256])), graph.constant(lowrank.zeros([256, 256]))));
      tell({ threads, why });`);
    expect([threads, why]).toEqual([3, null]);
  });

  it("is what the caller's function did, and the process goes on", async () => {
    const program = (tell: string) => `
      const { createEngine } = lowrank;
      const { Worker } = await import("node:worker_threads");
      const idle = () => new Worker("setInterval(() => {}, 1000)", { eval: true });
      const kept = idle();
      const functions = [
        async () => { throw new Error("no room") },
        () => { throw new Error("no room") },
        () => Promise.reject(),
        () => ({ postMessage() {} }),
        () => Promise.resolve("worker.js"),
        () => ({ postMessage() {}, terminate() {} }),
        () => kept,
        () => new Worker("throw new Error('not now')", { eval: true }),
        (() => { let calls = 0; return async () => { if (calls++ === 0) throw new Error("no room"); return idle() } })(),
      ];
      const found = [];
      for (const worker of functions) {
        const engine = await createEngine({ build: "simd", threads: 3, worker });
        found.push([engine.info.threads, engine.info.threadsRefused]);
        await engine.close();
      }
      while (workers() > before) await new Promise((resolve) => setTimeout(resolve, 10));
      ${tell}(found);`;
    const one = (why: unknown) => [1, why];
    const started = "Error: the function given as `worker` started none: ";
    const gave = 'Error: the function given as `worker` gives a Worker of "lowrank/pool-worker", gave ';
    const expected = [
      one(`${started}Error: no room`),
      one(`${started}Error: no room`),
      one(`${started}undefined`),
      one(expect.stringContaining(gave)),
      one(`${gave}"worker.js"`),
      one("Error: `worker` gave no Worker of node:worker_threads"),
      one("Error: the function given as `worker` gave one worker twice"),
      one("Error: not now"),
      one(`${started}Error: no room`),
    ];
    expect(await inProcess(`const before = 0; ${program("tell")}`)).toEqual(expected);
    const inThread = `import("${new URL("../../dist/node.js", import.meta.url).href}").then(async (lowrank) => {
      const workers = () => process.report.getReport().workers.length, before = 0;
      ${program('require("node:worker_threads").parentPort.postMessage')} });`;
    const nested = `
      const { Worker } = await import("node:worker_threads");
      const worker = new Worker(${JSON.stringify(inThread)}, { eval: true, execArgv: [] });
      worker.on("message", tell);`;
    expect(await inProcess(nested)).toEqual(expected);
  });

  it("is none where the function promises workers", async () => {
    const file = JSON.stringify(join(root, "dist/worker-node.js"));
    const { threads, why } = await threadsOf(
      `{ threads: 2, worker: async () => new (await import("node:worker_threads")).Worker(${file}, { execArgv: [] }) }`,
    );
    expect([threads, why]).toEqual([2, null]);
  });
});
