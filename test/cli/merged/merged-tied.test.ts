import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CausalLanguageModel, writeFilesAtomically } from "../../../ts/entry/node.js";
import { decoderGolden } from "../../models/language/golden-decoder.js";
import { tiedCases } from "../../models/language/golden-tied.js";
import { lowrank, project } from "../fixture.js";

/*
 * Adapters on tables and output layers merged by file: the model of those files gives PEFT's logits. Those of 16 bits are left out, which
 * round what is merged.
 */
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-tied-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(["qwen2", "gpt2", "gemma3_text", "smollm3", "llama"] as const)("%s", async (model) => {
  const base = join(project, "test/golden/decoders", model);
  const { prompts } = await decoderGolden(model);
  for (const { name, files, before } of await tiedCases(model)) {
    const path = (kind: string) => join(folder, `${model}-${name}-${kind}`);
    await writeFilesAtomically(path("adapter"), files);
    const { code, err } = await lowrank(["merge", path("adapter"), "--base", base, "--out", path("merged")]);
    expect([name, code, err]).toEqual([name, 0, expect.any(String)]);
    await cp(join(base, "tokenizer.json"), join(path("merged"), "tokenizer.json"));
    using merged = await CausalLanguageModel.load(path("merged"));
    const found = (await merged.logits(prompts[0]!.ids)).data.slice(-before.data.length);
    const gap = before.data.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
    expect([name, gap < 1e-4 ? 0 : gap]).toEqual([name, 0]);
  }
});
