import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../../../scripts/setup/paths.mjs";
import { example } from "../../docs/examples.js";
import { Consumer } from "../../packaging/consumer.js";
import { expectTranscript, transcript } from "./asks.js";
import { writeModel } from "./language-model.js";
import { servedProgram } from "./served-program.js";

const page = readFileSync(join(root, "docs/serving.md"), "utf8");

/** A program of docs/serving.md by its name, such as "serve-next". */
export const documented = (name: string) => example(page, name);

/** A module that starts the build whose bits are the same everywhere. */
export const simd = `import { init } from "lowrank";\nawait init({ build: "simd", threads: 1 });\n`;

/** A project with the packed package and a tiny model, in which the page's programs run. */
export async function servingProject(): Promise<Consumer> {
  const project = new Consumer();
  for (const name of ["hono", "@hono/node-server"]) project.link(name);
  project.write("simd.js", simd);
  await writeModel(join(project.folder, "language-model"));
  return project;
}

/** Starts a program of the page, with other texts in it, on a free port. */
export function startDocumented(
  project: Consumer,
  name: string,
  [file, ...args]: readonly string[],
  changes: Readonly<Record<string, string>> = {},
) {
  let program = documented(name);
  for (const [text, other] of Object.entries({ "port: 8080": "port: 0", ...changes })) {
    expect(program.split(text)).toHaveLength(2);
    program = program.replace(text, other);
  }
  const main = project.write(`${name}.js`, `import "./simd.js";\n${program}\n`);
  return servedProgram(file!, [...args, main], project.folder);
}

/** What the page's program for Node answers. */
export async function transcriptInNode(changes: Readonly<Record<string, string>> = {}) {
  const project = await servingProject();
  try {
    const program = await startDocumented(project, "serve-node", [process.execPath], changes);
    try {
      const found = await transcript(program.url);
      expectTranscript(found);
      return found;
    } finally {
      await program.end();
    }
  } finally {
    rmSync(project.folder, { recursive: true });
  }
}
