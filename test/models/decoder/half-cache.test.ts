import { describe, expect, it } from "vitest";
import { CausalLanguageModel, NonFiniteError } from "../../../ts/index.js";
import { all } from "../language/golden-decoder.js";
import { llamaConfig, randomModel } from "../language/random-llama.js";

const files = randomModel(llamaConfig({ vocab_size: 300, hidden_size: 60, head_dim: 14, intermediate_size: 96, num_attention_heads: 4 })); // prettier-ignore
/** An odd number of features of keys, so that an odd number of tokens ends in the middle of a word. */
const odd = randomModel({
  model_type: "gpt2",
  vocab_size: 300,
  n_embd: 15,
  n_head: 3,
  n_layer: 2,
  n_positions: 200,
});
const prompt = Array.from({ length: 90 }, (_, i) => (i * 37) % 300);
const options = { maxTokens: 24, ignoreEnd: true };

/** Layers of two sizes of heads, of which the last two use keys and values of the first two. */
const shared = randomModel({
  model_type: "gemma4_text",
  vocab_size: 300,
  vocab_size_per_layer_input: 300,
  hidden_size: 30,
  num_hidden_layers: 4,
  intermediate_size: 40,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 6,
  global_head_dim: 14,
  hidden_size_per_layer_input: 5,
  num_kv_shared_layers: 2,
  sliding_window: 20,
  max_position_embeddings: 200,
  layer_types: ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
});

describe.each([
  ["even rows", files, 1],
  ["odd rows", odd, 1],
  // Scores that are not divided by √d are so much less exact.
  ["layers that use others'", shared, Math.sqrt(14)],
])("keys and values in 16 bits, %s", (_, files, scale) => {
  it("take half the memory and give nearly the same probabilities, alone, in a batch and in a session", async () => {
    using whole = await CausalLanguageModel.load(files);
    using half = await CausalLanguageModel.load(files, { cache: "f16" });
    expect([whole.cacheFormat, half.cacheFormat]).toEqual(["f32", "f16"]);
    const [want, got] = [
      await all(whole.generateTokens(prompt, options)),
      await all(half.generateTokens(prompt, options)),
    ];
    expect(got.map(({ id }) => id)).toEqual(want.map(({ id }) => id));
    const off = got.map(({ logProbability }, i) => Math.abs(logProbability - want[i]!.logProbability));
    // Keys and values are rounded by one part in 4096 at most, and other probabilities show that they are.
    expect(Math.max(...off)).toBeLessThan(2e-4 * scale);
    expect(Math.max(...off)).toBeGreaterThan(0);

    using session = half.session();
    using wide = whole.session();
    await all(wide.generateTokens(prompt.slice(0, 40), options));
    await all(session.generateTokens(prompt.slice(0, 40), options));
    expect(2 * session.bytes).toBe(wide.bytes);
    expect(session.tokens % 2).toBe(1);
    using fork = session.fork();
    expect(await all(session.generateTokens(prompt, options))).toEqual(got);
    expect(await all(fork.generateTokens(prompt, options))).toEqual(got);
    const batch = await all(
      half.generateBatch([
        { prompt, ...options },
        { prompt: prompt.slice(0, 43), ...options },
      ]),
    );
    expect(batch.filter(({ sequence }) => sequence === 0).map(({ logProbability }) => logProbability)).toEqual(
      got.map(({ logProbability }) => logProbability),
    );
    expect(await half.score(prompt, [[5, 6]])).toEqual(await whole.score(prompt, [[5, 6]]));
  });
});

describe("keys and values in 16 bits", () => {
  it("refuses what 16 bits have no place for, and goes on afterwards", async () => {
    using model = await CausalLanguageModel.load(files, { cache: "f16" });
    model.addAdapter("huge", { rank: 1, alpha: 1e9, initLoraWeights: false, targetModules: ["v_proj"] });
    const refused = all(model.generateTokens(prompt, { ...options, adapter: "huge" }));
    await expect(refused).rejects.toThrow(NonFiniteError);
    await expect(refused).rejects.toThrow(/too large for 16 bits: load the model with cache "f32"/);
    expect(await all(model.generateTokens(prompt, { ...options, adapter: null }))).toHaveLength(24);
  });
});
