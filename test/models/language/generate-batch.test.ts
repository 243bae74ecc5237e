import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortError, type BatchToken, CausalLanguageModel, ConfigError, engineInfo } from "../../../ts/index.js";
import { adapted, all, changedJson, decoderFiles, type DecoderName } from "./golden-decoder.js";

const prompt = [1, 20, 31, 42, 53, 64];
const others = [1, 20, 31, 99];

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await adapted("qwen2");
});
afterAll(() => model?.dispose());

const tokensOf = (found: readonly BatchToken[], sequence: number) =>
  found.filter((token) => token.sequence === sequence).map(({ sequence: _, ...token }) => token);

describe("generateBatch", () => {
  it.each<DecoderName>([
    "qwen2",
    "gemma2",
    "gemma3_text",
    "gemma4_text",
    "gpt_neox",
    "granite",
    "lfm2",
    "phi3",
    "qwen3_5",
  ])("gives each text of %s, to the bit, what it is alone", async (name) => {
    using some = await adapted(name);
    const requests = [
      { prompt, adapter: "dora", maxTokens: 12, temperature: 0.9, seed: 1 },
      { prompt, adapter: null, maxTokens: 3 },
      {
        prompt: others,
        adapter: "plain",
        maxTokens: 15,
        temperature: 1.1,
        topK: 20,
        repetitionPenalty: 1.3,
        seed: 9,
      },
      { prompt: [...prompt, 7, 8], adapter: "dora", maxTokens: 9 },
      { prompt: "A film", adapter: "plain", maxTokens: 12, topP: 0.9, temperature: 0.5 },
      { prompt, adapter: "dora", maxTokens: 12, temperature: 0.9, seed: 2 },
    ].map((request) => ({ ...request, ignoreEnd: true }));
    const found = await all(some.generateBatch(requests));
    // The first call has made the tape's chunks, which stay.
    const { used } = engineInfo().memory;
    for (const [i, { prompt: own, ...options }] of requests.entries())
      expect(tokensOf(found, i)).toEqual(await all(some.generateTokens(own, options)));
    expect(found.length).toBe(63);
    expect(await all(some.generateBatch(requests))).toEqual(found);
    expect(engineInfo().memory.used).toBe(used);
  });

  it("reads prompts together, more than fit into a pass, that begin as others do", async () => {
    const long = Array.from({ length: 70 }, (_, i) => 1 + ((i * 7) % 60));
    const requests = [
      { prompt: long, adapter: "plain" },
      { prompt: [...long.slice(0, 50), 2, 3], adapter: "plain" },
      { prompt: long, adapter: null },
      { prompt: [...long.slice(0, 50), 2, 4, 5], adapter: "plain" },
      { prompt: long.slice(0, 60), adapter: "dora" },
      { prompt: long.slice(0, 50), adapter: "plain" },
      { prompt: long.slice(30), adapter: null },
      { prompt: [...long.slice(0, 69), 9], adapter: "dora" },
    ].map((request) => ({ ...request, maxTokens: 4, ignoreEnd: true }));
    const found = await all(model.generateBatch(requests));
    for (const [i, { prompt: own, ...options }] of requests.entries())
      expect(tokensOf(found, i)).toEqual(await all(model.generateTokens(own, options)));
  });

  it("lets others go on where one ends, and says why each did", async () => {
    const [first] = await all(model.generateTokens(prompt, { adapter: null, maxTokens: 1, ignoreEnd: true }));
    using ending = await CausalLanguageModel.load(
      changedJson(await decoderFiles("qwen2"), "generation_config.json", { eos_token_id: first!.id }),
    );
    const requests = [
      { prompt, maxTokens: 5 },
      { prompt, maxTokens: 5, ignoreEnd: true },
      { prompt, ignoreEnd: true },
    ];
    const found = await all(ending.generateBatch(requests));
    const ends = requests.map((_, i) => tokensOf(found, i).map(({ end }) => end));
    expect(ends[0]).toEqual(["end-of-text"]);
    expect(ends[1]).toEqual([null, null, null, null, "max-tokens"]);
    expect(ends[2]).toHaveLength(90);
    expect(ends[2]!.at(-1)).toBe("context");
  });

  it("gives all memory back when it is cancelled, given up, or never begun", async () => {
    const { used } = engineInfo().memory;
    const requests = ["plain", "dora"].map((adapter) => ({ prompt, adapter, ignoreEnd: true }));
    const controller = new AbortController();
    const running = model.generateBatch(requests, { signal: controller.signal });
    await running.next();
    await running.next();
    controller.abort();
    await expect(all(running)).rejects.toBeInstanceOf(AbortError);
    for await (const { sequence } of model.generateBatch(requests)) if (sequence === 1) break;
    await model.generateBatch(requests).return();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("refuses what makes no sense, at the call", () => {
    const wrong: [unknown, RegExp][] = [
      [[], /there is no request/],
      [prompt, /requests are a list of/],
      [[{ prompt, signal: new AbortController().signal }], /signal beside it/],
      [[{ prompt, adapter: "nobody" }], /there is no adapter "nobody"/],
      [[{ prompt: [] }], /no token to go on from/],
      [[{ prompt, maxTokens: 91 }], /90 more would/],
    ];
    for (const [requests, message] of wrong) {
      expect(() => model.generateBatch(requests as never)).toThrow(ConfigError);
      expect(() => model.generateBatch(requests as never)).toThrow(message);
    }
  });
});
