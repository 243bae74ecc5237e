import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CausalLanguageModel,
  AbortError,
  ConfigError,
  engineInfo,
  NonFiniteError,
  readSafetensors,
  writeSafetensors,
} from "../../../ts/index.js";

import { all, changedJson, decoderFiles, decoderGolden } from "./golden-decoder.js";

let model: CausalLanguageModel;
const prompt = [1, 20, 31, 42, 53, 64];
const ids = async (options: Parameters<CausalLanguageModel["generateTokens"]>[1], from: number[] = prompt) =>
  (await all(model.generateTokens(from, { ignoreEnd: true, ...options }))).map(({ id }) => id);

beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
});
afterAll(() => model?.dispose());

describe("generate", () => {
  it("chooses by the logits that the whole text has", async () => {
    const found = await all(model.generateTokens(prompt, { maxTokens: 20, ignoreEnd: true }));
    const text = [...prompt];
    for (const { id, logProbability } of found) {
      const { data, shape } = await model.logits(text);
      const last = data.subarray(data.length - shape[1]!);
      expect(id).toBe(last.indexOf(last.reduce((most, x) => Math.max(most, x))));
      const most = last.reduce((largest, x) => Math.max(largest, x));
      const total = last.reduce((sum, x) => sum + Math.exp(x - most), 0);
      expect(logProbability).toBeCloseTo(last[id]! - most - Math.log(total), 5);
      text.push(id);
    }
  });

  it("joins to the same text as its tokens'", async () => {
    const { prompts } = await decoderGolden("qwen2");
    const options = { maxTokens: 16, ignoreEnd: true };
    const tokens = await all(model.generateTokens(prompts[1]!.text, options));
    const pieces = await all(model.generate(prompts[1]!.text, options));
    expect(pieces.join("")).toBe(tokens.map(({ text }) => text).join(""));
    expect(pieces).not.toContain("");
  });

  it("ends with the end-of-text token, which is no text", async () => {
    const [first] = await ids({ maxTokens: 1 });
    const ending = await CausalLanguageModel.load(
      changedJson(await decoderFiles("qwen2"), "generation_config.json", { eos_token_id: [5, first] }),
    );
    const tokens = await all(ending.generateTokens(prompt, { maxTokens: 9 }));
    expect(tokens.map(({ id, text }) => ({ id, text }))).toEqual([{ id: first, text: "" }]);
    expect(await all(ending.generate(prompt, { maxTokens: 9 }))).toEqual([]);
    expect(await all(ending.generateTokens(prompt, { maxTokens: 9, ignoreEnd: true }))).toHaveLength(9);
    ending.dispose();
  });

  it("draws the same tokens by the same seed, others by another", async () => {
    const drawn = (seed: number) => ids({ maxTokens: 12, temperature: 1.5, seed });
    expect(await drawn(7)).toEqual(await drawn(7));
    expect(await drawn(8)).not.toEqual(await drawn(7));
    const greedy = await ids({ maxTokens: 12 });
    expect(await ids({ maxTokens: 12, temperature: 1.5, topK: 1 })).toEqual(greedy);
    expect(await ids({ maxTokens: 12, temperature: 1.5, minP: 1 })).toEqual(greedy);
    expect(await ids({ maxTokens: 12, temperature: 1.5, topP: 1e-6 })).toEqual(greedy);
  });

  it("does not say again what is penalised", async () => {
    const found = await ids({ maxTokens: 40, repetitionPenalty: 1e6 });
    expect(new Set([...prompt, ...found]).size).toBe(prompt.length + found.length);
  });

  it("stops before a word, also where it comes in pieces", async () => {
    const { prompts } = await decoderGolden("qwen2");
    const options = { maxTokens: 16, ignoreEnd: true };
    const whole = (await all(model.generate(prompts[0]!.text, options))).join("");
    const stop = whole.slice(4, 8);
    const cut = (await all(model.generate(prompts[0]!.text, { ...options, stop: [stop, "never said"] }))).join("");
    expect(cut).toBe(whole.slice(0, whole.indexOf(stop)));
  });

  it("runs several at once to the same tokens, and with adapters of their own", async () => {
    model.addAdapter("one", { rank: 2 });
    model.addAdapter("two", { rank: 2, initLoraWeights: "gaussian", targetModules: "all-linear" });
    model.addAdapter("three", { rank: 2, initLoraWeights: false, alpha: 200, targetModules: "all-linear" });
    const calls = ["one", "two", "three", null].map((adapter) => ({ adapter, maxTokens: 10, temperature: 0.7 }));
    const alone: number[][] = [];
    for (const call of calls) alone.push(await ids(call));
    expect(await Promise.all(calls.map((call) => ids(call)))).toEqual(alone);
    expect(alone[2]).not.toEqual(alone[3]);
    // What an adapter was when a call began is what it is for that call.
    const begun = model.generateTokens(prompt, { adapter: "three", maxTokens: 10, temperature: 0.7, ignoreEnd: true });
    const first = await begun.next();
    for (const name of ["one", "two", "three"]) model.removeAdapter(name);
    const rest = await all(begun);
    expect([first.value!.id, ...rest.map(({ id }) => id)]).toEqual(alone[2]);
  });

  it("answers a signal at the next token, and gives all memory back however it ends", async () => {
    const { used } = engineInfo().memory;
    const controller = new AbortController();
    const found: number[] = [];
    const run = async () => {
      for await (const { id } of model.generateTokens(prompt, { signal: controller.signal, ignoreEnd: true })) {
        found.push(id);
        if (found.length === 3) controller.abort();
      }
    };
    await expect(run()).rejects.toBeInstanceOf(AbortError);
    expect(found).toHaveLength(3);
    expect(engineInfo().memory.used).toBe(used);

    for await (const piece of model.generateTokens(prompt, { ignoreEnd: true })) if (piece.id >= 0) break;
    expect(engineInfo().memory.used).toBe(used);

    const given = model.generateTokens(prompt);
    await given.return();
    expect(engineInfo().memory.used).toBe(used);
    // No call is under way any more.
    model.addAdapter("merged", {});
    model.mergeAdapter("merged");
    model.unmergeAdapter("merged");
    model.removeAdapter("merged");
  });

  it("is under way from the first token that is asked for, and no more once it ends", async () => {
    using own = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    own.addAdapter("mine", { initLoraWeights: false });
    const session = own.session();
    const idle = () => {
      own.mergeAdapter("mine");
      own.unmergeAdapter("mine");
    };
    // Others were made beside a call that threw, and nobody asks them for anything.
    const prompts = [prompt, prompt, []];
    expect(() => prompts.map((each) => own.generate(each))).toThrow(/no token to go on from/);
    expect(() => prompts.map((each) => own.generateTokens(each))).toThrow(ConfigError);
    expect(() => [own.generateBatch([{ prompt }]), own.generateBatch([])]).toThrow(ConfigError);
    expect(() => [session.generate(prompt), session.generate([])]).toThrow(ConfigError);
    idle();
    await own.generate(prompt).return();
    await session.generate(prompt).return();
    idle();
    // One that is asked for is under way until it ends.
    const running = own.generate(prompt, { maxTokens: 3, ignoreEnd: true });
    await running.next();
    const other = own.generateTokens(prompt);
    await other.next();
    expect(idle).toThrow(/2 calls are under way on this model; await all first$/);
    await running.return();
    expect(idle).toThrow(/1 call is under way on this model/);
    await other.return();
    idle();
    expect(await all(session.generateTokens(prompt, { maxTokens: 3 }))).toEqual(
      await all(own.generateTokens(prompt, { maxTokens: 3 })),
    );
  });

  it("refuses to begin on other weights than it was called on", async () => {
    using own = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    own.addAdapter("mine", { initLoraWeights: false });
    const late = own.generateTokens(prompt, { adapter: "mine" });
    own.mergeAdapter("mine");
    await expect(late.next()).rejects.toThrow(
      /merged into the base, or taken out of it, after this call and before its first token/,
    );
    expect(await late.next()).toEqual({ done: true, value: undefined });
    own.unmergeAdapter("mine");
  });

  it("reads a long prompt in pieces, and says the same of it", async () => {
    using far = await CausalLanguageModel.load(
      changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 700 }),
    );
    const long = Array.from({ length: 600 }, (_, i) => 3 + ((i * 37) % 300));
    const [token] = await all(far.generateTokens(long, { maxTokens: 1, ignoreEnd: true }));
    const { data, shape } = await far.logits(long);
    const last = data.subarray(data.length - shape[1]!);
    const most = last.reduce((largest, x) => Math.max(largest, x));
    const total = last.reduce((sum, x) => sum + Math.exp(x - most), 0);
    expect(token!.id).toBe(last.indexOf(most));
    expect(token!.logProbability).toBeCloseTo(-Math.log(total), 5);
  });

  it("refuses options that make no sense, and what does not fit, at the call", () => {
    const wrong: [object, RegExp][] = [
      [{ maxTokens: 0 }, /maxTokens/],
      [{ temperature: -1 }, /temperature/],
      [{ temperature: NaN }, /temperature/],
      [{ topK: 0 }, /topK/],
      [{ topP: 2 }, /topP/],
      [{ minP: -1 }, /minP/],
      [{ repetitionPenalty: 0 }, /repetitionPenalty/],
      [{ stop: "" }, /stop/],
      [{ stop: [3] }, /stop/],
      [{ seed: 0.5 }, /seed/],
      [{ ignoreEnd: 1 }, /ignoreEnd/],
      [{ signal: {} }, /signal/],
      [{ adapter: "nobody" }, /there is no adapter "nobody"/],
      [{ max_tokens: 3 }, /max_tokens/],
      [{ maxTokens: 91 }, /6 tokens and 91 more do not fit into the model's 96 positions; 90 more would/],
    ];
    for (const [options, message] of wrong) {
      expect(() => model.generateTokens(prompt, options)).toThrow(ConfigError);
      expect(() => model.generateTokens(prompt, options)).toThrow(message);
    }
    expect(() => model.generateTokens([])).toThrow(/no token to go on from/);
    expect(() => model.generateTokens([320])).toThrow(/token ids are from 0 to 319, got 320/);
    expect(() => model.generateTokens(new Array(97).fill(3))).toThrow(/97 tokens; the model has 96 positions/);
  });

  it("fills the model's positions to the last", async () => {
    expect(await ids({ maxTokens: 90 })).toHaveLength(90);
    expect(await ids({})).toHaveLength(90);
  });

  it("says where logits are NaN", async () => {
    const files = await decoderFiles("qwen3");
    const file = readSafetensors(files["model.safetensors"]!);
    const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
    tensors.get("model.norm.weight")!.data[3] = NaN;
    const damaged = { ...files, "model.safetensors": writeSafetensors(tensors) };
    await expect(CausalLanguageModel.load(damaged)).rejects.toThrow(/model\.norm\.weight/);
    using taken = await CausalLanguageModel.load(damaged, { allowNonFinite: true });
    await expect(all(taken.generateTokens(prompt))).rejects.toBeInstanceOf(NonFiniteError);
  });

  it("gives ids where there is no tokenizer", async () => {
    const { "tokenizer.json": _, ...files } = await decoderFiles("qwen2");
    using bare = await CausalLanguageModel.load(files);
    expect(bare.tokenizer).toBeNull();
    const tokens = await all(bare.generateTokens(prompt, { maxTokens: 5, ignoreEnd: true }));
    expect(tokens.map(({ id }) => id)).toEqual(await ids({ maxTokens: 5 }));
    expect(tokens.every(({ text }) => text === "")).toBe(true);
    expect(() => bare.generate(prompt)).toThrow(/no tokenizer\.json/);
    expect(() => bare.generateTokens("a text")).toThrow(/no tokenizer\.json/);
  });

  it("says that it was disposed", async () => {
    const gone = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    const running = gone.generateTokens(prompt);
    await running.next();
    gone.dispose();
    await expect(running.next()).rejects.toThrow(/disposed/);
    expect(() => gone.generate(prompt)).toThrow(/this language model was disposed/);
  });
});
