import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../../scripts/consumers/commands.mjs";
import { prepare } from "../../../scripts/consumers/project.mjs";
import { packed } from "../../../scripts/consumers/run.mjs";
import { expectFreed, transcript } from "./asks.js";
import { documented, simd, transcriptInNode } from "./documented-program.js";
import { writeModel } from "./language-model.js";
import { servedProgram } from "./served-program.js";

const ROUTE = "app/v1/[...path]/route.js";

let tarball: ReturnType<typeof packed>;
let project: ReturnType<typeof prepare>;
beforeAll(async () => {
  tarball = packed();
  project = prepare("next-server", tarball.tarball);
  await writeModel(join(project.folder, "language-model"));
});
afterAll(() => {
  project?.dispose();
  tarball?.dispose();
});

it("a route of Next serves a language model by docs/serving.md's lines, with the tokens of Node", async () => {
  const { folder } = project;
  expect(readFileSync(join(folder, ROUTE), "utf8").trim()).toBe(documented("serve-next"));
  writeFileSync(join(folder, "simd.js"), simd);
  writeFileSync(join(folder, ROUTE), `import "../../../simd.js";\n${documented("serve-next")}\n`);
  await run(folder, ["next"], "next build", {});
  const next = join(folder, "node_modules/next/dist/bin/next");
  const start = [next, "start", "--port", "0", "--hostname", "127.0.0.1"];
  const program = await servedProgram(process.execPath, start, folder);
  try {
    const inNode = await transcriptInNode();
    expect(await transcript(program.url)).toEqual(inNode);
    await expectFreed(program.url, inNode.streamed);
  } finally {
    await program.end();
  }
});
