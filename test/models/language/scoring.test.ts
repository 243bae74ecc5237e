import { describe, expect, it } from "vitest";
import { AbortError, CausalLanguageModel, ConfigError, engineInfo } from "../../../ts/index.js";
import { candidates, penalise, type Sampling } from "../../../ts/models/language/sampler.js";
import { goldenJson } from "../../golden.js";
import { decoderFiles, type DecoderName } from "./golden-decoder.js";

interface Golden {
  readonly scores: readonly {
    name: DecoderName;
    prompt: number[];
    completions: { ids: number[]; log_probability: number }[];
  }[];
  readonly perplexity: readonly {
    name: DecoderName;
    window: number;
    stride: number;
    texts: number[][];
    loss: number;
    tokens: number;
  }[];
  readonly sampling: readonly {
    options: Record<string, number>;
    seen: number[];
    logits: number[];
    ids: number[];
    shares: number[];
  }[];
}
const golden = () => goldenJson<Golden>("language.json");
const load = async (name: DecoderName) => CausalLanguageModel.load(await decoderFiles(name));

describe("score", () => {
  it("sums the log probabilities that transformers gives", async () => {
    for (const { name, prompt, completions } of (await golden()).scores) {
      using model = await load(name);
      await model.score(prompt, [[5]]);
      const { used } = engineInfo().memory;
      const found = await model.score(prompt, completions.map(({ ids }) => ids)); // prettier-ignore
      expect(found.map(({ tokens }) => tokens)).toEqual(completions.map(({ ids }) => ids.length));
      for (const [i, { log_probability }] of completions.entries())
        expect(Math.abs(found[i]!.logProbability - log_probability)).toBeLessThan(5e-4);
      expect(engineInfo().memory.used).toBe(used);
    }
  });

  it("of several completions gives what each has alone, where layers keep the state of the last token too", async () => {
    using model = await load("lfm2");
    const prompt = [1, 20, 31, 42];
    const completions = [[5, 6, 7], [8], [5, 6, 9, 10]];
    const alone = [];
    for (const completion of completions) alone.push(...(await model.score(prompt, [completion])));
    expect(await model.score(prompt, completions)).toEqual(alone);
  });

  it("takes texts, and adapters of its own", async () => {
    using model = await load("qwen2");
    const [one] = await model.score("a film", [" is good"]);
    const [alone, both] = [model.tokenizer!.encode("a film"), model.tokenizer!.encode("a film is good")];
    const [other] = await model.score(alone, [both.subarray(alone.length)]);
    expect(both.subarray(0, alone.length)).toEqual(alone);
    expect(one).toEqual(other);
    model.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 100 });
    expect(await model.score("a film", [" is good"], { adapter: null })).toEqual([one]);
    expect(await model.score("a film", [" is good"], { adapter: "mine" })).not.toEqual([one]);
    await expect(model.score("a film", [""])).rejects.toThrow(/a completion has no token/);
    await expect(model.score([5], ["text"])).rejects.toThrow(/behind a prompt of token ids, a completion is a list/);
    await expect(model.score([5], ["text"])).rejects.toBeInstanceOf(ConfigError);
    const signal = AbortSignal.abort();
    await expect(model.score("a film", [" is good"], { signal })).rejects.toBeInstanceOf(AbortError);
  });

  it("takes texts behind messages too: what the assistant says", async () => {
    const template = "{% for m in messages %}[{{ m.content }}]{% endfor %}{% if add_generation_prompt %}it{% endif %}";
    using model = await CausalLanguageModel.load({
      ...(await decoderFiles("qwen2")),
      "chat_template.jinja": new TextEncoder().encode(template),
    });
    const messages = [{ role: "user", content: "a film" }];
    const found = await model.score(messages, [" is good", " is bad"]);
    const prompt = "[a film]it";
    const ids = (text: string) => model.tokenizer!.encodeBare(text);
    const before = ids(prompt);
    const lists = [" is good", " is bad"].map((said) => ids(prompt + said).subarray(before.length));
    expect(ids(`${prompt} is bad`).subarray(0, before.length)).toEqual(before);
    expect(found).toEqual(await model.score(messages, lists));
    expect(found).toEqual(await model.score(before, lists));
  });
});

describe("perplexity", () => {
  it("counts each token once, with what transformers says of it in its window", async () => {
    for (const { name, window, stride, texts, loss, tokens } of (await golden()).perplexity) {
      using model = await load(name);
      const found = await model.perplexity(texts, { window, stride });
      expect(found.tokens).toBe(tokens);
      expect(Math.abs(found.loss - loss)).toBeLessThan(1e-4);
      expect(found.perplexity).toBeCloseTo(Math.exp(found.loss), 6);
    }
  });

  it("refuses what has nothing to tell", async () => {
    using model = await load("qwen2");
    await expect(model.perplexity([[5]])).rejects.toThrow(/no text has two tokens/);
    await expect(model.perplexity([[5, 6]], { window: 8, stride: 8 })).rejects.toThrow(/is not below the window/);
    await expect(model.perplexity([[5, 6]], { window: 97 })).rejects.toThrow(/window/);
  });
});

it("draws from the tokens that transformers' processors leave, by their probabilities", async () => {
  for (const { options, seen, logits, ids, shares } of (await golden()).sampling) {
    const sampling: Omit<Sampling, "seed" | "repetitionPenalty"> = {
      temperature: options["temperature"] ?? 1,
      topK: options["top_k"],
      topP: options["top_p"] ?? 1,
      minP: options["min_p"] ?? 0,
    };
    const changed = Float32Array.from(logits);
    penalise(changed, new Set(seen), options["repetition_penalty"] ?? 1);
    const [kept, weights] = candidates(changed, Math.max(...changed), sampling);
    expect(kept).toEqual(ids);
    const total = weights.reduce((sum, weight) => sum + weight);
    for (const [i, share] of shares.entries()) expect(weights[i]! / total).toBeCloseTo(share, 6);
  }
});
