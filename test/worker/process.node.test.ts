import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** What a program prints that has the built package's names as `remote`; that it ends is part of what is tested. */
async function printed(program: string): Promise<string> {
  const source = `import * as remote from ${JSON.stringify(join(root, "dist/remote-node.js"))};\n${program}`;
  const { stdout } = await promisify(execFile)("node", ["--input-type=module", "--eval", source], { timeout: 110_000 });
  return stdout.trim();
}

it("a worker that nothing is awaited of keeps no process alive, one that works does", async () => {
  const program = `
    const worker = await remote.startWorker({ threads: 2, build: "simd" });
    const { threads, build } = await worker.engineInfo();
    console.log(threads, build);`;
  expect(await printed(program)).toBe("2 simd");
});

it("a call that was refused before it was sent keeps no process alive", async () => {
  const program = `
    const error = await remote.SentenceEncoder.load("/no/such/model", { engine: {} }).catch((error) => error);
    console.log(error.name);`;
  expect(await printed(program)).toBe("ConfigError");
});

it("what names no worker begins in one of its own accord, and fails as it does here", async () => {
  const program = `
    const error = await remote.SentenceEncoder.load("/no/such/model").catch((error) => error);
    const again = await remote.TextClassifier.open("/no/such/run").catch((error) => error);
    console.log(error.name, error instanceof remote.ConfigError || error instanceof remote.ModelError, again.code);`;
  expect(await printed(program)).toMatch(/^(Model|Config)Error true (MODEL|CONFIG)$/);
});
