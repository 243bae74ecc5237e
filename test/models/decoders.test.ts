import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CausalLanguageModel, readSafetensors, type TensorFile } from "../../ts/index.js";

import { goldenBytes, goldenJson } from "../golden.js";
import {
  all,
  decoderAdapter,
  decoderFiles,
  type DecoderGolden,
  type DecoderName,
  decoderGolden,
  decoderNames,
} from "./language/golden-decoder.js";

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};

/** Those whose vocabulary has bytes as tokens of their own. */
const byBytes: readonly string[] = ["gemma2", "gemma3_text", "gemma4_keys", "gemma4_text", "llama_yarn", "mistral"];

/** What bytes and texts of tokens spell together. */
async function textOfBytes(name: DecoderName, ids: readonly number[]): Promise<string> {
  const file = await goldenJson<{ model: { vocab: Record<string, number> } }>(`decoders/${name}/tokenizer.json`);
  const spelled = new Map(Object.entries(file.model.vocab).map(([token, id]) => [id, token]));
  const bytes = ids.flatMap((id) => {
    const token = spelled.get(id) ?? "";
    const byte = /^<0x(..)>$/.exec(token);
    if (byte !== null) return [Number.parseInt(byte[1]!, 16)];
    return id < 3 ? [] : [...new TextEncoder().encode(token.replaceAll("▁", " "))];
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Logits of random weights are a few units large: float32's rounding, added up in two ways. */
const NEAR = 5e-5;

describe.each(decoderNames)("%s", (name) => {
  let model: CausalLanguageModel;
  let golden: DecoderGolden;
  let logits: TensorFile;

  beforeAll(async () => {
    model = await CausalLanguageModel.load(await decoderFiles(name));
    golden = await decoderGolden(name);
    logits = readSafetensors(await goldenBytes(`decoders/${name}/logits.safetensors`));
  });
  afterAll(() => model?.dispose());

  async function worst(kind: "base" | "adapted"): Promise<number> {
    const found = golden.prompts.map(async ({ ids }, i) => {
      const { shape, data } = await model.logits(ids);
      const expected = logits.tensor(`${kind}/${i}`);
      expect(shape).toEqual(expected.shape);
      return distance(data, expected.data);
    });
    return Math.max(...(await Promise.all(found)));
  }

  it("turns prompts into the tokenizers library's ids", () => {
    expect(golden.prompts.map(({ text }) => [...model.tokenizer!.encode(text)])).toEqual(
      golden.prompts.map(({ ids }) => ids),
    );
  });

  it("gives the logits of transformers", async () => {
    expect(await worst("base")).toBeLessThan(NEAR);
  });

  it("goes on as transformers does, past the end of the text", async () => {
    for (const { text, new_ids, new_text } of golden.prompts) {
      const tokens = await all(model.generateTokens(text, { maxTokens: new_ids.length, ignoreEnd: true }));
      expect(tokens.map(({ id }) => id)).toEqual(new_ids);
      const shown = tokens.map((token) => token.text).join("");
      // Where bytes are tokens of their own, the library loses whole characters that stand beside broken ones.
      expect(shown).toBe(byBytes.includes(name) ? await textOfBytes(name, new_ids) : new_text);
    }
  });

  it("trains as PEFT does, for five steps, merges and unmerges", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    model.loadAdapter("golden", await decoderAdapter(name));
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    const before = await model.logits(golden.prompts[0]!.ids, { adapter: null });
    const examples = golden.batch.map(({ ids, first }) => ({ ids, mask: ids.map((_, i) => i >= first) }));
    const { steps } = await model.fit(examples, {
      steps: golden.losses.length,
      batchSize: examples.length,
      order: () => [0, 1, 2, 3],
      learningRate: 1e-3,
      schedule: () => 1e-3,
      maxGradNorm: null,
    });
    expect(distance(steps.map(({ loss }) => loss), golden.losses)).toBeLessThan(1e-5); // prettier-ignore
    expect(await worst("adapted")).toBeLessThan(NEAR);
    model.mergeAdapter("golden");
    expect(await worst("adapted")).toBeLessThan(NEAR);
    model.unmergeAdapter("golden");
    expect(await model.logits(golden.prompts[0]!.ids, { adapter: null })).toEqual(before);
    model.removeAdapter("golden");
  });
});
