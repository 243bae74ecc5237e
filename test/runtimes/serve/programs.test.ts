import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Consumer } from "../../packaging/consumer.js";
import { installedPrograms } from "../programs.mjs";
import { expectFreed, transcript } from "./asks.js";
import { servingProject, startDocumented, transcriptInNode } from "./documented-program.js";

let project: Consumer;
let inNode: Awaited<ReturnType<typeof transcript>>;
beforeAll(async () => {
  project = await servingProject();
  inNode = await transcriptInNode();
});
afterAll(() => rmSync(project.folder, { recursive: true }));

/** The program of docs/serving.md by what the runtimes' names end with. */
const documented: Readonly<Record<string, string>> = { Node: "serve-node", Deno: "serve-deno", Bun: "serve-bun" };

describe.each(installedPrograms)("%s", (name, command) => {
  it("serves a language model by docs/serving.md's lines, with the tokens of Node", async () => {
    const program = await startDocumented(project, documented[/\w+$/.exec(name)![0]]!, command);
    try {
      expect(await transcript(program.url)).toEqual(inNode);
      await expectFreed(program.url, inNode.streamed);
    } finally {
      await program.end();
    }
  });
});
