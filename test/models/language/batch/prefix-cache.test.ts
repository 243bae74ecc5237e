import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { CausalLanguageModel, engineInfo, type LanguageModelOptions } from "../../../../ts/index.js";
import { BLOCK_TOKENS } from "../../../../ts/models/language/batch/block-tree.js";
import { ContinuousBatch, type RunningText } from "../../../../ts/models/language/batch/continuous-batch.js";
import { takeRequest } from "../../../../ts/models/language/prompts.js";
import type { GeneratedToken } from "../../../../ts/models/language/sequence.js";
import { refuseAllocation } from "../../../graph/allocations.js";
import { adapted, all, decoderFiles, type DecoderName } from "../golden-decoder.js";
import { randomModel } from "../random-llama.js";

let batch: ContinuousBatch;
afterEach(() => batch?.close(new Error("the test is over")));

interface Asked {
  readonly prompt: readonly number[];
  readonly adapter?: string | null;
  readonly maxTokens: number;
}

const add = (model: CausalLanguageModel, { prompt, ...options }: Asked): RunningText =>
  batch.add(takeRequest(model, "test", prompt, { ignoreEnd: true, ...options }));

async function read(text: RunningText): Promise<GeneratedToken[]> {
  const found: GeneratedToken[] = [];
  for (let token = await text.next(); token !== null; token = await text.next()) found.push(token);
  return found;
}

/** An answer, and how many tokens of its prompt were kept. */
async function answer(model: CausalLanguageModel, asked: Asked) {
  const text = add(model, asked);
  const tokens = await read(text);
  return { tokens, reused: text.reused };
}

const alone = (model: CausalLanguageModel, { prompt, ...options }: Asked) =>
  all(model.generateTokens(prompt, { ignoreEnd: true, ...options }));

/** Bytes in use after passes as large as any of a test, whose memory the graph keeps. */
async function usedBytes(model: CausalLanguageModel): Promise<number> {
  batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 0 });
  const adapters = [null, ...model.adapters().map(({ name }) => name)];
  for (const adapter of adapters) {
    const texts = [1, 2, 3, 4].map((seed) => add(model, { prompt: text(seed, 90), adapter, maxTokens: 3 }));
    await Promise.all(texts.map(read));
  }
  batch.close(new Error("done"));
  return engineInfo().memory.used;
}

/** A text of ids below 60 that differs by its seed from the first token on. */
const text = (seed: number, length: number) => Array.from({ length }, (_, i) => (seed + i * (7 + (seed % 5))) % 60);

const load = async (name: DecoderName, options?: LanguageModelOptions) =>
  CausalLanguageModel.load(await decoderFiles(name), options);

/** Bytes of a token's keys and values. */
const tokenBytes = ({ model: { config }, cacheFormat }: CausalLanguageModel) =>
  2 * config.layers * config.kvHeads * config.headDim * (cacheFormat === "f32" ? 4 : 2);

describe("kept beginnings", () => {
  it("are in memory once, whoever begins with them", async () => {
    using model = await load("qwen2");
    const system = text(3, 2 * BLOCK_TOKENS);
    batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: 2 ** 24 });
    for (let i = 0; i < 12; i++) {
      const asked = { prompt: [...system, i, 5, 6], maxTokens: 3 };
      const { tokens, reused } = await answer(model, asked);
      expect(reused).toBe(i === 0 ? 0 : system.length);
      expect(tokens).toEqual(await alone(model, asked));
      // No pass has read the last token; memory is for an even number.
      expect(batch.size.prefixBytes).toBe((system.length + (i + 1) * 6) * tokenBytes(model));
    }
  });

  it("are copied up to where a text differs, within a block too", async () => {
    using model = await load("qwen2");
    batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: 2 ** 24 });
    const first = text(1, 2 * BLOCK_TOKENS + 7);
    await answer(model, { prompt: first, maxTokens: 3 });
    for (const length of [1, BLOCK_TOKENS - 1, BLOCK_TOKENS, BLOCK_TOKENS + 1, 2 * BLOCK_TOKENS + 6]) {
      const asked = { prompt: [...first.slice(0, length), 59, 58], maxTokens: 4 };
      const { tokens, reused } = await answer(model, asked);
      expect(reused).toBe(length);
      expect(tokens).toEqual(await alone(model, asked));
    }
    // All but the last token, whose logits are needed.
    expect((await answer(model, { prompt: first, maxTokens: 3 })).reused).toBe(first.length - 1);
  });

  it.each<DecoderName>(["lfm2", "qwen3_5"])(
    "of %s have the states where a second text parted from the first, in whole blocks",
    async (name) => {
      using model = await load(name);
      batch = new ContinuousBatch(model, { maxTexts: 2, prefixBytes: 2 ** 24 });
      const system = text(3, 2 * BLOCK_TOKENS + 5);
      const reused = [];
      for (const end of [40, 41, 42, 43]) {
        const asked = { prompt: [...system, end, end, end], maxTokens: 3 };
        const found = await answer(model, asked);
        expect(found.tokens).toEqual(await alone(model, asked));
        reused.push(found.reused);
      }
      expect(reused).toEqual([0, 0, 2 * BLOCK_TOKENS, 2 * BLOCK_TOKENS]);
      // Fewer tokens of the system message are of no use at once, but for the next text.
      const shorter = { prompt: [...system.slice(0, BLOCK_TOKENS + 3), 50, 51], maxTokens: 2 };
      expect((await answer(model, shorter)).reused).toBe(0);
      const { tokens, reused: later } = await answer(model, shorter);
      expect(tokens).toEqual(await alone(model, shorter));
      expect(later).toBe(BLOCK_TOKENS);
    },
  );

  it("leave in order of last use, ends before what they share", async () => {
    using model = await load("qwen2");
    const system = text(3, 2 * BLOCK_TOKENS);
    const chat = (end: number) => ({ prompt: [...system, end, end, end, end, end], maxTokens: 4 });
    // Each end is eight tokens.
    const room = system.length + 3 * 8;
    batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: room * tokenBytes(model) });
    for (const end of [10, 11, 12]) await answer(model, chat(end));
    expect(batch.size.prefixBytes).toBe(room * tokenBytes(model));
    // The oldest is used again; then the second one is the oldest.
    expect((await answer(model, chat(10))).reused).toBe(system.length + 4);
    await answer(model, chat(13));
    expect(batch.size.prefixBytes).toBe(room * tokenBytes(model));
    const kept = [];
    for (const end of [10, 12, 13, 11]) kept.push((await answer(model, chat(end))).reused - system.length);
    expect(kept).toEqual([4, 4, 4, 0]);
    // Another text of a single block takes one end's place.
    await answer(model, { prompt: text(9, 5), maxTokens: 4 });
    expect((await answer(model, chat(11))).reused).toBe(system.length + 4);
    expect((await answer(model, chat(20))).reused).toBe(system.length);
  });

  it.each<[string, () => Promise<CausalLanguageModel>]>([
    ["qwen2", () => adapted("qwen2")],
    ["lfm2", () => adapted("lfm2")],
    ["qwen3_5", () => adapted("qwen3_5")],
    [
      "odd rows in 16 bits",
      async () => {
        const odd = { model_type: "gpt2", vocab_size: 300, n_embd: 15, n_head: 3, n_layer: 2, n_positions: 200 };
        const model = await CausalLanguageModel.load(randomModel(odd), { cache: "f16" });
        for (const name of ["plain", "dora"]) model.addAdapter(name, { rank: 2, initLoraWeights: false, alpha: 100 });
        return model;
      },
    ],
  ])("never change a conversation of %s, nor exceed their bytes, however small", async (_, made) => {
    using model = await made();
    const used = await usedBytes(model);
    const turn = fc.record({
      chat: fc.nat(3),
      adapter: fc.constantFrom("plain", "dora", null),
      words: fc.integer({ min: 1, max: 20 }),
      maxTokens: fc.integer({ min: 1, max: 5 }),
    });
    const systems = [[], text(1, 20), text(2, BLOCK_TOKENS), text(2, BLOCK_TOKENS + 5)];
    const bytes = fc.constantFrom(1, 10, BLOCK_TOKENS, 50, 100, 4000).map((tokens) => tokens * tokenBytes(model));
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 10 }), bytes, async (turns, prefixBytes) => {
        batch = new ContinuousBatch(model, { maxTexts: 2, prefixBytes });
        const chats = systems.map((system) => [...system]);
        for (const [i, { chat, adapter, words, maxTokens }] of turns.entries()) {
          const own = chats[chat]!;
          own.push(...text(i, words));
          if (own.length + maxTokens > 90) continue;
          const asked = { prompt: own, adapter, maxTokens };
          const { tokens } = await answer(model, asked);
          expect(tokens).toEqual(await alone(model, asked));
          expect(batch.size.prefixBytes).toBeLessThanOrEqual(prefixBytes);
          own.push(...tokens.map(({ id }) => id));
        }
        batch.close(new Error("done"));
        expect(engineInfo().memory.used).toBe(used);
      }),
      { numRuns: 15, seed: 4 },
    );
  });

  it("keep memory flat over many requests, and give all of it back", async () => {
    using model = await adapted("qwen2");
    const used = await usedBytes(model);
    batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 100 * tokenBytes(model) });
    const run = async (count: number, from: number) => {
      for (let i = from; i < from + count; i += 4) {
        const texts = [0, 1, 2, 3].map((j) =>
          add(model, {
            prompt: [...text(j % 2, BLOCK_TOKENS), ...text(i + j, (i + j) % 30)],
            adapter: j === 3 ? "plain" : null,
            maxTokens: 2,
          }),
        );
        await Promise.all(texts.map(read));
      }
      return engineInfo().memory.reserved;
    };
    const reserved = await run(60, 0);
    expect(await run(240, 60)).toBe(reserved);
    expect(batch.size.prefixBytes).toBeGreaterThan(0);
    batch.close(new Error("done"));
    expect(batch.size.prefixBytes).toBe(0);
    expect(engineInfo().memory.used).toBe(used);
  });

  it("are of what memory has room for where it is full", async () => {
    using model = await load("lfm2");
    const used = await usedBytes(model);
    const asked = { prompt: text(5, BLOCK_TOKENS + 9), maxTokens: 1 };
    // A pass asks for memory too: the requests of the pass that ends the text are counted first.
    const allocationsOf = async (failing: number) => {
      batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: 2 ** 20 });
      const made = batch as unknown as { end(text: unknown, error?: unknown): void };
      const end = made.end.bind(batch);
      let allocations = 0;
      made.end = (ended, error) => {
        const outcome = refuseAllocation([model.graph], failing, () => end(ended, error));
        expect(outcome.error).toBe(undefined);
        ({ allocations } = outcome);
      };
      expect(await read(add(model, asked))).toEqual(await alone(model, asked));
      return allocations;
    };
    // Two blocks, the last one with its states.
    expect(await allocationsOf(-1)).toBe(3);
    batch.close(new Error("done"));
    for (const failing of [0, 1, 2]) {
      await allocationsOf(failing);
      const kept = failing === 0 ? 0 : 1;
      expect(batch.size.prefixBytes > 0).toBe(kept === 1);
      const { tokens, reused } = await answer(model, { ...asked, prompt: [...asked.prompt, 3] });
      expect(tokens).toEqual(await alone(model, { ...asked, prompt: [...asked.prompt, 3] }));
      expect(reused).toBe(0);
      batch.close(new Error("done"));
      expect(engineInfo().memory.used).toBe(used);
    }
  });
});
