import { expect, it } from "vitest";
import type { FileMap } from "../../ts/io/file-map.js";
import { memoryStore } from "../../ts/jobs/index.js";
import { sha256 } from "../../ts/training/sources/sha256.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { useBuild } from "../setup/use-build.js";
import { afterStep, run, runUntil, spec } from "./tiny-job.js";

/*
 * A run from before LoRA+'s groups were PEFT's, interrupted after three of its eight steps, and what that version made of the rest:
 * test/golden/runs-before/lora-plus. The build simd gives the same bits everywhere.
 */
const own = {
  ...spec,
  steps: 8,
  rank: 2,
  loraPlusRatio: 8,
  weightDecay: 0.1,
  lora: { bias: "all", modulesToSave: ["LayerNorm"] },
} as const;
const FOLDER = "runs-before/lora-plus";

useBuild({ build: "simd", threads: 1 });

async function interrupted(): Promise<FileMap> {
  const names = ["run.json", "checkpoint.safetensors", "checkpoint.history.jsonl"];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await goldenBytes(`${FOLDER}/${name}`)])),
  );
}

it("an unfinished run of before goes on with its own groups to the bytes of before, interrupted again too", async () => {
  const expected = await goldenJson<Readonly<Record<string, string>>>(`${FOLDER}/expected.json`);
  const store = memoryStore(await interrupted());
  const { error } = await runUntil(own, store, afterStep(5));
  expect(error).toMatchObject({ name: "AbortError" });
  await run(own, store);
  for (const [name, hash] of Object.entries(expected)) expect(await sha256(store.files()[name]!)).toBe(hash);
});

it("a new run has PEFT's groups, whether it is interrupted or not", async () => {
  const expected = await goldenJson<Readonly<Record<string, string>>>(`${FOLDER}/expected.json`);
  const [whole, parted] = [memoryStore(), memoryStore()];
  await run(own, whole);
  await runUntil(own, parted, afterStep(3));
  await run(own, parted);
  for (const [name, hash] of Object.entries(expected)) {
    expect(parted.files()[name]).toEqual(whole.files()[name]);
    expect(await sha256(whole.files()[name]!)).not.toBe(hash);
  }
});
