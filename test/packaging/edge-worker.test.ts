// @rest consumers
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const worker = `
import { Graph, init } from "lowrank";
export default {
  async fetch() {
    const { build, threads } = await init();
    const graph = new Graph();
    const input = graph.constant({ shape: [2], data: new Float32Array([3, 4]) });
    return Response.json({ build, threads, sum: graph.value(graph.sum(input)).data[0] });
  },
};
`;

it("runs in an edge worker, which compiles nothing at run time", async () => {
  const consumer = new Consumer();
  const bundle = join(consumer.folder, "bundle");
  await build({
    entryPoints: [consumer.write("worker.js", worker)],
    outfile: join(bundle, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker"],
    external: ["*.wasm"],
  });
  cpSync(join(consumer.folder, "node_modules/lowrank/dist/wasm"), join(bundle, "wasm"), { recursive: true });
  const runtime = new Miniflare({
    modules: true,
    modulesRoot: bundle,
    scriptPath: join(bundle, "worker.js"),
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    compatibilityDate: "2026-04-01",
    // Where a request seems to come from would be asked of a server; nothing here leaves the machine.
    cf: false,
  });
  try {
    const response = await runtime.dispatchFetch("http://localhost/");
    expect(await response.json()).toEqual({ build: "relaxed", threads: 1, sum: 7 });
  } finally {
    await runtime.dispose();
    rmSync(consumer.folder, { recursive: true });
  }
});
