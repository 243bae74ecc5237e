import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AbortError, CausalLanguageModel, engineInfo, UnsupportedError } from "../../../../ts/index.js";
import { ContinuousBatch, type RunningText } from "../../../../ts/models/language/batch/continuous-batch.js";
import type { GenerateOptions } from "../../../../ts/models/language/generate-options.js";
import { takeRequest } from "../../../../ts/models/language/prompts.js";
import type { GeneratedToken } from "../../../../ts/models/language/sequence.js";
import { nextTask } from "../../../../ts/waiting/next-task.js";
import { adapted, all, changedJson, decoderFiles, type DecoderName } from "../golden-decoder.js";

const prompt = [1, 20, 31, 42, 53, 64];
const long = Array.from({ length: 60 }, (_, i) => 1 + ((i * 7) % 60));

let model: CausalLanguageModel;
let batch: ContinuousBatch;
beforeAll(async () => {
  model = await adapted("qwen2");
});
afterEach(() => batch?.close(new Error("the test is over")));
afterAll(() => model?.dispose());

interface Asked extends GenerateOptions {
  readonly prompt: readonly number[];
}

const add = (to: CausalLanguageModel, { prompt: own, ...options }: Asked) =>
  batch.add(takeRequest(to, "test", own, { ignoreEnd: true, ...options }));

async function read(text: RunningText): Promise<GeneratedToken[]> {
  const found: GeneratedToken[] = [];
  for (let token = await text.next(); token !== null; token = await text.next()) found.push(token);
  return found;
}

const alone = ({ prompt: own, ...options }: Asked, from = model) =>
  all(from.generateTokens(own, { ignoreEnd: true, ...options }));

const prompts = [prompt, [...prompt, 7, 8], [1, 20, 31, 99], long, [...long.slice(0, 50), 2, 4, 5], long.slice(30)];
const asked: fc.Arbitrary<Asked> = fc.record({
  prompt: fc.constantFrom(...prompts),
  adapter: fc.constantFrom("plain", "dora", null),
  maxTokens: fc.integer({ min: 1, max: 12 }),
  temperature: fc.constantFrom(0, 0.8, 1.4),
  topP: fc.constantFrom(1, 0.9),
  repetitionPenalty: fc.constantFrom(1, 1.3),
  presencePenalty: fc.constantFrom(0, 1.5),
  frequencyPenalty: fc.constantFrom(0, 0.7),
  topLogProbabilities: fc.constantFrom(0, 3),
  seed: fc.nat(5),
});

describe("a continuous batch", () => {
  it.each<DecoderName>(["qwen2", "gemma2", "gemma3_text", "gemma4_text", "gpt_neox", "lfm2", "qwen3_5"])(
    "gives requests of %s that join at any time, to the bit, what they are alone",
    async (name) => {
      using some = await adapted(name);
      const joining = fc.array(fc.record({ request: asked, after: fc.nat(6) }), { minLength: 2, maxLength: 8 });
      const limits = fc.record({ maxTexts: fc.integer({ min: 1, max: 5 }), prefixBytes: fc.constantFrom(0, 2 ** 20) });
      await fc.assert(
        fc.asyncProperty(joining, limits, async (requests, limit) => {
          batch = new ContinuousBatch(some, limit);
          const answers: Promise<GeneratedToken[]>[] = [];
          for (const { request, after } of requests) {
            for (let i = 0; i < after; i++) await nextTask();
            answers.push(read(add(some, request)));
          }
          const found = await Promise.all(answers);
          for (const [i, { request }] of requests.entries()) expect(found[i]).toEqual(await alone(request, some));
          batch.close(new Error("done"));
        }),
        { numRuns: 25, seed: 29 },
      );
    },
  );

  it("copies what requests of one adapter begin with, at the same time or later", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 8, prefixBytes: 2 ** 20 });
    const of = (adapter: string | null, end: number[]) => ({ prompt: [...long, ...end], adapter, maxTokens: 4 });
    const requests = [of("plain", []), of("plain", [5]), of("dora", [5]), of("plain", [6, 7])];
    const texts = requests.map((request) => add(model, request));
    const found = await Promise.all(texts.map(read));
    expect(texts.map(({ reused }) => reused)).toEqual([0, 60, 0, 60]);
    const later = [of("dora", [9]), of(null, [9]), of("plain", [6, 7])].map((request) => add(model, request));
    const more = await Promise.all(later.map(read));
    expect(later.map(({ reused }) => reused)).toEqual([60, 0, 61]);
    expect(more[2]).toEqual(found[3]);
    for (const [i, request] of requests.entries()) expect(found[i]).toEqual(await alone(request));
    const { prefixBytes } = batch.size;
    expect(prefixBytes).toBeGreaterThan(0);
    expect(prefixBytes).toBeLessThanOrEqual(2 ** 20);
  });

  it("uses an adapter as it was when the request came", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 2 ** 20 });
    model.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
    const request = { prompt, adapter: "mine", maxTokens: 6 };
    const before = await alone(request);
    const first = add(model, request);
    model.scaleAdapter("mine", 0.25);
    const second = add(model, request);
    const after = await alone(request);
    expect(after.map(({ logProbability }) => logProbability)).not.toEqual(
      before.map(({ logProbability }) => logProbability),
    );
    model.removeAdapter("mine");
    expect(await Promise.all([read(first), read(second)])).toEqual([before, after]);
  });

  it("keeps other beginnings where a text is too long to be kept", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: 2 ** 20 });
    await read(add(model, { prompt, maxTokens: 4 }));
    const { prefixBytes } = batch.size;
    batch.close(new Error("done"));
    batch = new ContinuousBatch(model, { maxTexts: 1, prefixBytes: Math.floor(1.25 * prefixBytes) });
    await read(add(model, { prompt, maxTokens: 4 }));
    await read(add(model, { prompt: [...long, 5, 6, 7, 8], maxTokens: 20 }));
    expect(batch.size.prefixBytes).toBe(prefixBytes);
    const later = add(model, { prompt, maxTokens: 4 });
    await read(later);
    expect(later.reused).toBe(prompt.length - 1);
  });

  it("keeps what a longer text began with for others, where layers keep the last state alone", async () => {
    using some = await adapted("lfm2");
    batch = new ContinuousBatch(some, { maxTexts: 1, prefixBytes: 2 ** 20 });
    const answer = await read(add(some, { prompt, maxTokens: 4 }));
    // No pass has read the last token.
    const kept = [...prompt, ...answer.slice(0, 3).map(({ id }) => id)];
    for (const end of [[5], [6, 7]]) {
      const request = { prompt: [...kept, ...end], maxTokens: 3 };
      const text = add(some, request);
      expect(await read(text)).toEqual(await alone(request, some));
      expect(text.reused).toBe(kept.length);
    }
    batch.close(new Error("done"));
  });

  it("keeps nothing of adapters that were removed", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 2, prefixBytes: 2 ** 20 });
    model.addAdapter("mine", { rank: 2 });
    await read(add(model, { prompt, adapter: "mine", maxTokens: 2 }));
    const running = add(model, { prompt: long, adapter: "mine", maxTokens: 4 });
    await running.next();
    model.removeAdapter("mine");
    expect(batch.size.prefixBytes).toBeGreaterThan(0);
    batch.forgetRemoved();
    expect(batch.size.prefixBytes).toBe(0);
    await read(running);
    expect(batch.size.prefixBytes).toBe(0);
  });

  it("counts no text that cannot be made", async () => {
    using some = await CausalLanguageModel.load(
      changedJson(await decoderFiles("qwen2"), "tokenizer.json", { decoder: null }),
    );
    some.addAdapter("mine", { rank: 1 });
    batch = new ContinuousBatch(some, { maxTexts: 1, prefixBytes: 0 });
    expect(() => add(some, { prompt })).toThrow(UnsupportedError);
    some.mergeAdapter("mine");
  });

  it("frees the place of who leaves, at once; and all memory in the end", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 2, prefixBytes: 0 });
    await read(add(model, { prompt, adapter: "plain", maxTokens: 2 }));
    const { used } = engineInfo().memory;
    const controller = new AbortController();
    const running = add(model, { prompt, adapter: "plain", maxTokens: 60, signal: controller.signal });
    const given = add(model, { prompt, adapter: "dora", maxTokens: 60 });
    const waiting = add(model, { prompt, adapter: null, maxTokens: 3 });
    const answer = read(waiting);
    for (let i = 0; i < 4; i++) await running.next();
    expect(batch.size).toMatchObject({ running: 2, waiting: 1 });
    controller.abort();
    expect(batch.size).toMatchObject({ running: 1, waiting: 1 });
    await expect(running.next()).rejects.toBeInstanceOf(AbortError);
    expect(await answer).toEqual(await alone({ prompt, adapter: null, maxTokens: 3 }));
    expect(batch.size).toMatchObject({ running: 1, waiting: 0 });
    given.end();
    given.end();
    expect(batch.size).toMatchObject({ running: 0, waiting: 0 });
    expect(engineInfo().memory.used).toBe(used);
    model.addAdapter("gone", { rank: 1 });
    model.mergeAdapter("gone");
    model.unmergeAdapter("gone");
    model.removeAdapter("gone");
  });

  it("ends a text whose time is over, with its error, and lets the others go on", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 0 });
    const request = takeRequest(model, "test", prompt, { maxTokens: 50, ignoreEnd: true });
    const late = batch.add(request, { time: Date.now() - 1, error: () => new Error("too late") });
    const other = add(model, { prompt, maxTokens: 5 });
    await expect(late.next()).rejects.toThrow("too late");
    expect(await read(other)).toHaveLength(5);
  });

  it("keeps what nobody reads, and needs only one reader for all", async () => {
    batch = new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 0 });
    const slow = add(model, { prompt, adapter: "plain", maxTokens: 9 });
    await read(add(model, { prompt, adapter: "dora", maxTokens: 12 }));
    expect(batch.size).toMatchObject({ running: 0 });
    expect(await read(slow)).toEqual(await alone({ prompt, adapter: "plain", maxTokens: 9 }));
  });

  it("fails every text of a model that was disposed", async () => {
    const some = await adapted("qwen2");
    batch = new ContinuousBatch(some, { maxTexts: 2, prefixBytes: 2 ** 20 });
    await read(add(some, { prompt, maxTokens: 2 }));
    const texts = [1, 2, 3].map((seed) => add(some, { prompt, maxTokens: 9, seed }));
    await texts[0]!.next();
    some.dispose();
    for (const text of texts) await expect(read(text)).rejects.toMatchObject({ code: "STALE_NODE" });
  });
});
