import { asyncProperty, assert, array, constantFrom, integer, record } from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  AbortError,
  type CausalLanguageModel,
  ConfigError,
  engineInfo,
  type GenerateOptions,
  StaleNodeError,
  UnsupportedError,
} from "../../../ts/index.js";
import { adapted, all, type DecoderName } from "./golden-decoder.js";

/** It repeats itself, and goes on as it began. */
const prompt = [1, 20, 31, 42, 53, 64, 7, 20, 31, 42, 53, 64, 8, 20, 31];

let model: CausalLanguageModel;
let other: CausalLanguageModel;
beforeAll(async () => {
  model = await adapted("qwen2");
  other = await adapted("qwen2");
  other.setAdapter("dora");
});
afterAll(() => {
  model?.dispose();
  other?.dispose();
});

const sampled: GenerateOptions = { maxTokens: 24, ignoreEnd: true, temperature: 0.8, seed: 3 };

describe("speculative decoding", () => {
  it.each<DecoderName>(["qwen2", "gemma3_text", "gpt2", "phi3", "smollm3"])(
    "of %s gives the tokens and probabilities that come without, to the bit, and frees its memory",
    async (name) => {
      using some = await adapted(name);
      for (const adapter of ["plain", "dora", null])
        for (const more of [
          { temperature: 0 },
          { temperature: 0.3, topLogProbabilities: 2 },
          { repetitionPenalty: 1.2 },
        ]) {
          const options = { ...sampled, adapter, ...more };
          const plain = await all(some.generateTokens(prompt, options));
          const { used } = engineInfo().memory;
          for (const drafts of [{ promptLookupNumTokens: 6 }, { assistantModel: some, numAssistantTokens: 3 }])
            expect(await all(some.generateTokens(prompt, { ...options, ...drafts }))).toEqual(plain);
          expect(engineInfo().memory.used).toBe(used);
        }
    },
  );

  it("is the same whatever is drafted: any prompt, end, format and length of a draft", async () => {
    const options = record({
      maxTokens: integer({ min: 1, max: 12 }),
      temperature: constantFrom(0, 0.5, 2),
      seed: integer({ min: 0, max: 9 }),
      presencePenalty: constantFrom(0, 1),
      stop: constantFrom([], ["e"], ["the", "a"]),
      regex: constantFrom(undefined, "(ab|ba)*", "[0-9]{3,8}"),
    });
    const prompts = array(constantFrom(1, 20, 31, 42), { minLength: 1, maxLength: 20 });
    const given = { prompt: prompts, options, most: integer({ min: 1, max: 9 }), adapter: constantFrom("plain", null) };
    await assert(
      asyncProperty(record(given), async ({ prompt: own, options: some, most, adapter }) => {
        const plain = await all(model.generateTokens(own, { ...some, adapter }));
        for (const drafts of [
          { promptLookupNumTokens: most },
          { assistantModel: other, numAssistantTokens: most },
          { assistantModel: model, numAssistantTokens: most },
        ])
          expect(await all(model.generateTokens(own, { ...some, adapter, ...drafts }))).toEqual(plain);
      }),
      { numRuns: 30 },
    );
  });

  it("takes fewer passes of the model where drafts are right", async () => {
    const passes = vi.spyOn(model.model, "infer");
    const count = async (options: GenerateOptions) => {
      passes.mockClear();
      await all(model.generateTokens(prompt, { maxTokens: 25, ignoreEnd: true, ...options }));
      return passes.mock.calls.length;
    };
    expect(await count({})).toBe(25);
    // A copy of it drafts what it would say: three tokens for the second pass, then five.
    using right = await adapted("qwen2");
    right.setAdapter("plain");
    expect(await count({ assistantModel: right, adapter: "plain" })).toBe(6);
  });

  it("drafts in a batch for the texts that ask for it", async () => {
    const requests = [
      { prompt, maxTokens: 20, promptLookupNumTokens: 4, adapter: "plain" },
      { prompt: prompt.slice(3), maxTokens: 9, adapter: "dora" },
      { prompt: prompt.slice(1), maxTokens: 14, assistantModel: other, adapter: null, temperature: 0.5 },
    ].map((request) => ({ ...request, ignoreEnd: true }));
    const found = await all(model.generateBatch(requests));
    for (const [i, { prompt: own, ...options }] of requests.entries()) {
      const tokens = found.filter(({ sequence }) => sequence === i).map(({ sequence: _, ...token }) => token);
      const { promptLookupNumTokens: _, assistantModel: __, ...plain } = options as GenerateOptions;
      expect(tokens).toEqual(await all(model.generateTokens(own, plain)));
    }
  });

  it("computes no more tokens in a pass than of prompts, however many texts draft", async () => {
    const passes = vi.spyOn(model.model, "infer").mockClear();
    // A copy of it drafts what it would say, so that drafts grow: of 3, 7, 15 and, if there were room, 30 tokens.
    using right = await adapted("qwen2");
    right.setAdapter("plain");
    const options = { maxTokens: 60, ignoreEnd: true, adapter: "plain", assistantModel: right, numAssistantTokens: 30 };
    const found = await all(model.generateBatch(Array.from({ length: 12 }, () => ({ ...options, prompt }))));
    expect(found).toHaveLength(12 * 60);
    const tokens = passes.mock.calls.map(([batch]) => batch.ids.length);
    const drafted = tokens.slice(tokens.indexOf(12 * 4));
    expect(drafted.slice(0, 4)).toEqual([4, 8, 16, 21].map((rows) => 12 * rows));
    passes.mockRestore();
  });

  it("leaves a session the tokens of its text alone, also where its reader goes away", async () => {
    using session = model.session();
    const options = { maxTokens: 12, ignoreEnd: true, promptLookupNumTokens: 8 };
    const first = await all(session.generateTokens(prompt, options));
    expect(session.tokens).toBe(prompt.length + 11);
    const longer = [...prompt, ...first.map(({ id }) => id), 5];
    const tokens = session.generateTokens(longer, options);
    await tokens.next();
    await tokens.return();
    expect(await all(session.generateTokens(longer, options))).toEqual(
      await all(model.generateTokens(longer, { maxTokens: 12, ignoreEnd: true })),
    );
  });

  it("ends with a StaleNodeError where its session is disposed while a draft is checked", async () => {
    const session = model.session();
    const infer = model.model.infer.bind(model.model);
    vi.spyOn(model.model, "infer").mockImplementation((batch, ...rest) => {
      if (batch.ids.length === 4) queueMicrotask(() => session.dispose());
      return infer(batch, ...rest);
    });
    const options = { maxTokens: 9, ignoreEnd: true, assistantModel: other };
    await expect(all(session.generateTokens(prompt, options))).rejects.toThrow(StaleNodeError);
  });

  it("ends where its call is aborted, between two passes of a draft model too", async () => {
    const abort = new AbortController();
    const options = { maxTokens: 9, ignoreEnd: true, assistantModel: other };
    await all(model.generateTokens(prompt, options));
    const { used } = engineInfo().memory;
    const infer = other.model.infer.bind(other.model);
    const drafts = vi.spyOn(other.model, "infer").mockImplementation((...given) => {
      abort.abort();
      return infer(...given);
    });
    await expect(all(model.generateTokens(prompt, { ...options, signal: abort.signal }))).rejects.toThrow(AbortError);
    expect(drafts).toHaveBeenCalledTimes(1);
    expect(engineInfo().memory.used).toBe(used);
  });

  it("keeps its draft model's weights as they are until it ends", async () => {
    const tokens = model.generateTokens(prompt, { assistantModel: other, maxTokens: 4, ignoreEnd: true });
    await tokens.next();
    expect(() => other.mergeAdapter("dora")).toThrow(ConfigError);
    await tokens.return();
    other.mergeAdapter("dora");
    other.unmergeAdapter("dora");
  });

  it("refuses models that cannot draft, and two ways at once, before anything is computed", async () => {
    const call = (options: object) => () => model.generate(prompt, options);
    expect(call({ promptLookupNumTokens: 0 })).toThrow(/promptLookupNumTokens is a whole number from 1 to 64, got 0/);
    expect(call({ promptLookupNumTokens: 2, assistantModel: other })).toThrow(/give one of them/);
    for (const more of [{}, { promptLookupNumTokens: 2 }])
      expect(call({ ...more, numAssistantTokens: 3 })).toThrow(
        /numAssistantTokens is of assistantModel, which is missing/,
      );
    for (const assistantModel of [{}, "name", null, 3])
      expect(call({ assistantModel })).toThrow(/assistantModel is a language model of this thread, got/);
    using llama = await adapted("llama");
    expect(call({ assistantModel: llama })).toThrow(/assistantModel has other tokens/);
    using lfm2 = await adapted("lfm2");
    expect(() => lfm2.generate(prompt, { promptLookupNumTokens: 2 })).toThrow(UnsupportedError);
    const gone = await adapted("qwen2");
    gone.dispose();
    expect(call({ assistantModel: gone })).toThrow(StaleNodeError);
  });
});
