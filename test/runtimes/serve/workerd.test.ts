import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveExample, type ServedFolder } from "../../docs/serve-page.js";
import type { Consumer } from "../../packaging/consumer.js";
import { startWorkerd } from "../start-workerd.js";
import { expectFreed, transcript } from "./asks.js";
import { documented, servingProject, transcriptInNode } from "./documented-program.js";

/** The page's worker in the build whose bits are the same everywhere. */
const worker = `
  import { init } from "lowrank";
  import worker from "./documented.js";
  let engine;
  export default {
    async fetch(...request) {
      await (engine ??= init({ build: "simd" }));
      return worker.fetch(...request);
    },
  };
`;

let project: Consumer;
let files: ServedFolder;
beforeAll(async () => {
  project = await servingProject();
  files = await serveExample(project.folder);
});
afterAll(() => {
  files?.close();
  rmSync(project.folder, { recursive: true });
});

it("workerd serves a language model by docs/serving.md's lines, with the tokens of Node", async () => {
  const load = 'load("./language-model")';
  const expected = await transcriptInNode({ [load]: 'load("./language-model", { weights: "q8" })' });
  project.write("documented.js", documented("serve-workerd"));
  const [entry, folder] = [project.write("worker.js", worker), join(project.folder, "edge")];
  mkdirSync(folder);
  const scriptPath = join(folder, "worker.js");
  const bundled = { entryPoints: [entry], outfile: scriptPath, external: ["*.wasm"] };
  await build({ ...bundled, bundle: true, format: "esm", conditions: ["workerd"], logLevel: "error" });
  const bindings = { MODEL: `${files.origin}/language-model` };
  const runtime = startWorkerd(folder, scriptPath, join(project.folder, "node_modules/lowrank/dist"), bindings);
  try {
    const url = (await runtime.ready).origin;
    expect(await transcript(url)).toEqual(expected);
    await expectFreed(url, expected.streamed);
  } finally {
    await runtime.dispose();
  }
});
