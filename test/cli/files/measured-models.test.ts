import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { modelsToMeasure } from "../../../ts/cli/commands/bench.js";
import type { Session } from "../../../ts/cli/session.js";
import { readRequiredJson } from "../../../ts/io/model-source.js";
import { project } from "../fixture.js";

const empty = mkdtempSync(join(tmpdir(), "lowrank-bench-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(empty, { recursive: true });
});

// Folders need nothing of a session: no progress is shown.
const session = { terminal: { streams: { error: process.stderr } }, signal: undefined } as unknown as Session;

it("bench measures the models of a cache, and without them random weights of their shapes", async () => {
  vi.stubEnv("LOWRANK_CACHE", empty);
  const models = await modelsToMeasure([], session);
  expect(models.map(({ name, task, random, always }) => ({ name, task, random, always }))).toEqual([
    { name: "all-MiniLM-L6-v2", task: "encoder", random: true, always: false },
    { name: "SmolLM2-135M", task: "language", random: true, always: false },
  ]);
  // The same sizes as those of the model's own file.
  expect(await readRequiredJson(await models[0]!.open(), "config.json")).toMatchObject({
    hidden_size: 384,
    num_hidden_layers: 6,
    intermediate_size: 1536,
    num_attention_heads: 12,
    vocab_size: 30522,
  });
});

it("bench finds out what a named model is, and measures it on a software adapter too", async () => {
  const golden = (name: string) => join(project, "test/golden", name);
  const names = [golden("encoders/bert"), golden("decoders/llama")];
  expect(await modelsToMeasure(names, session)).toMatchObject([
    { name: names[0], task: "encoder", random: false, always: true },
    { name: names[1], task: "language", random: false, always: true },
  ]);
});
