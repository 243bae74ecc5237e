// @needs browser
// @rest shaders
import { afterAll, beforeAll, it } from "vitest";
import { expectGeneratedAlike, expectVectorsAlike, type Generated } from "./alike.js";
import { GpuPage } from "./gpu-page.js";
import type { compareVectors } from "./in-page.js";

// The families that models and language-models leave out: shaders of each are compiled on the processor.

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

it("encodes with the other encoders on a GPU as on WASM", { timeout: 600_000 }, async () => {
  const names = ["mpnet", "nomic-bert", "roberta", "distilbert", "electra", "albert", "eurobert"];
  const { gpu, wasm } = await page.call<Awaited<ReturnType<typeof compareVectors>>>("compareVectors", names);
  expectVectorsAlike(gpu, wasm);
});

it("computes and generates with the other families of language models as on WASM", { timeout: 600_000 }, async () => {
  const names = [
    "gemma2",
    "gemma3_text",
    "gemma4_keys",
    "gemma4_text",
    "gpt2",
    "gpt_neox",
    "gpt_neox_serial",
    "granite",
    "granite4",
    "lfm2",
    "llama_yarn",
    "ministral3",
    "mistral",
    "olmo2",
    "phi3",
    "phi3_longrope",
    "qwen2",
    "qwen3",
    "smollm3",
    "vaultgemma",
  ];
  expectGeneratedAlike(await page.call<Generated>("compareGenerated", [names, ["f32"]]));
  expectGeneratedAlike(await page.call<Generated>("compareGenerated", [["qwen3"], ["q4"]]));
});
