import { describe, expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource, openGguf } from "../../../ts/index.js";
import type { WrittenType } from "../../../ts/models/gguf/writing/written-types.js";
import { ownEngine } from "../own-engine.js";
import { qwen35Config, qwen35File } from "./writing/qwen35-file.js";

/** Whose layers files of few bits keep as they are. */
const isSmall = (name: string) => /ssm_(?:alpha|beta)/.test(name);
const lora = { rank: 4, targetModules: "all-linear" } as const;

describe.each<[string, (name: string) => WrittenType]>([
  ["all of eight bits", () => "Q8_0"],
  ["of eight bits but for small layers", (name) => (isSmall(name) ? "F32" : "Q8_0")],
  ["of four bits but for small layers", (name) => (isSmall(name) ? "BF16" : "Q4_0")],
  ["of four bits and eight", (name) => (/attn_qkv|token_embd/.test(name) ? "Q8_0" : "Q4_0")],
])("a GGUF file of Qwen3.5 whose heads of values are in another order, %s", (_, typeOf) => {
  it("keeps its groups in memory, and takes what is foretold", { timeout: 120_000 }, async () => {
    const bytes = await qwen35File(typeOf);
    const gguf = await openGguf(bytesSource(bytes));
    const estimate = await CausalLanguageModel.estimateMemory(qwen35Config, { tokens: 40, lora, weights: gguf });
    const eight = await CausalLanguageModel.estimateMemory(qwen35Config, { tokens: 40, lora, weights: "q8" });
    expect(estimate.weights).toBeLessThanOrEqual(eight.weights);
    await using engine = await ownEngine();
    const before = engine.info.memory.used;
    const source = await ggufSource(() => bytesSource(bytes));
    using model = await CausalLanguageModel.load(source, { engine, weights: "auto" });
    const loaded = engine.info.memory.used - before;
    expect(loaded / estimate.weights).toBeGreaterThan(0.99);
    expect(loaded / estimate.weights).toBeLessThan(1.05);
    // Of the values, which float32 has too, eight bits are near.
    using wide = await CausalLanguageModel.load(source, { weights: "f32" });
    const ids = Array.from({ length: 20 }, (_, i) => 7 * i);
    const { data: wanted } = await wide.logits(ids);
    const { data: got } = await model.logits(ids);
    const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
    expect(worst / largest).toBeLessThan(0.02);
    model.addAdapter("own", lora);
    const example = { ids, mask: ids.map((_, i) => i > 9) };
    let used = 0;
    const onProgress = () => void (used = engine.info.memory.used - before);
    await model.fit([example, example], { steps: 2, batchSize: 2, onProgress });
    expect(used / estimate.total).toBeGreaterThan(0.9);
    expect(used / estimate.total).toBeLessThan(1.1);
  });
});
