import { expect, it } from "vitest";
import {
  bytesSource,
  CausalLanguageModel,
  engineInfo,
  ggufSource,
  openGguf,
  openSafetensors,
} from "../../../ts/index.js";
import { modelToWrite } from "../../../ts/models/gguf/writing/model.js";
import { written } from "./writing/written-model.js";
import { llamaConfig, randomModel } from "../language/random-llama.js";

it("a GGUF file whose tensors are of several formats takes what is foretold of it, within a tenth", async () => {
  const config = llamaConfig();
  const file = await openSafetensors(bytesSource(randomModel(config)["model.safetensors"]!));
  const about = { name: "random", config, file, tokenizer: null, changes: new Map(), type: "Q4_0" } as const;
  const bytes = await written(await modelToWrite(about));
  const gguf = await openGguf(bytesSource(bytes));
  expect(new Set(gguf.names.map((name) => gguf.info(name).type))).toEqual(new Set(["Q8_0", "Q4_0", "F32"]));
  const lora = { rank: 4, targetModules: "all-linear" } as const;
  const estimate = await CausalLanguageModel.estimateMemory(config, { tokens: 40, lora, weights: gguf });
  const before = engineInfo().memory.used;
  using model = await CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)), { weights: "auto" });
  const loaded = engineInfo().memory.used - before;
  expect(loaded / estimate.weights).toBeGreaterThan(0.99);
  expect(loaded / estimate.weights).toBeLessThan(1.05);
  model.addAdapter("own", lora);
  const example = {
    ids: Array.from({ length: 20 }, (_, i) => 7 * i),
    mask: Array.from({ length: 20 }, (_, i) => i > 9),
  };
  let used = 0;
  const onProgress = () => void (used = engineInfo().memory.used - before);
  await model.fit([example, example], { steps: 2, batchSize: 2, onProgress });
  expect(used / estimate.total).toBeGreaterThan(0.9);
  expect(used / estimate.total).toBeLessThan(1.1);
  // Neither of its formats alone would have said so.
  for (const weights of ["q4", "q8"] as const) {
    const other = await CausalLanguageModel.estimateMemory(config, { tokens: 40, lora, weights });
    expect(Math.abs(other.weights / estimate.weights - 1)).toBeGreaterThan(0.1);
  }
});
