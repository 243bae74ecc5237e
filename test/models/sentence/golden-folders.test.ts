import { describe, expect, it } from "vitest";
import { readSafetensors, SentenceEncoder } from "../../../ts/index.js";
import { goldenEncoder } from "../golden-encoder.js";
import { goldenExpected, goldenFolder, texts } from "./golden-folder.js";

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

type Encode = (encoder: SentenceEncoder) => Promise<Float32Array[]>;
const plain: Encode = (encoder) => encoder.encode(texts);

const folders: Record<string, Record<string, Encode>> = {
  "plain-roberta": { vectors: plain },
  "old_layout-roberta": { vectors: plain },
  "dense-modernbert": { vectors: plain },
  "dot-modernbert": { vectors: plain },
  "normalize-distilbert": { vectors: plain },
  "truncate-distilbert": {
    vectors: plain,
    full: (encoder) => encoder.encode(texts, { truncateDim: 48 }),
    normalised: (encoder) => encoder.encode(texts, { normalize: true }),
  },
  "prompts-roberta": {
    default: plain,
    document: (encoder) => encoder.encodeDocument(texts),
    query: (encoder) => encoder.encodeQuery(texts),
    topic: (encoder) => encoder.encode(texts, { promptName: "topic" }),
    no_prompt: (encoder) => encoder.encode(texts, { prompt: "" }),
  },
};

describe.each(Object.entries(folders))("%s", (name, encodings) => {
  it("gives the vectors of sentence-transformers", async () => {
    const expected = readSafetensors(await goldenExpected(name));
    using encoder = await SentenceEncoder.load(await goldenFolder(name));
    for (const [key, encode] of Object.entries(encodings))
      expect(farthest(flat(await encode(encoder)), expected.tensor(key).data)).toBeLessThan(2e-6);
  });
});

it("opens an adapter's folder on its base, with the adapter active", async () => {
  const expected = readSafetensors(await goldenExpected("adapter-roberta")).tensor("vectors").data;
  const model = await goldenEncoder("roberta");
  using encoder = await SentenceEncoder.load(await goldenFolder("adapter-roberta"), { model });
  expect(encoder.adapters()).toEqual([{ name: "default", active: true, merged: false }]);
  expect(farthest(flat(await encoder.encode(texts)), expected)).toBeLessThan(2e-6);
  expect(farthest(flat(await encoder.encode(texts, { adapter: null })), expected)).toBeGreaterThan(1e-3);
});

it("says which base an adapter's folder lacks", async () => {
  const files = await goldenFolder("adapter-roberta");
  await expect(SentenceEncoder.load(files)).rejects.toThrow(
    /model is an adapter for \.\.\/\.\.\/\.\.\/models\/encoders\/roberta: .*; or name its base with the option `model`/s,
  );
  const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as object;
  const nameless = new TextEncoder().encode(JSON.stringify({ ...config, base_model_name_or_path: null }));
  await expect(SentenceEncoder.load({ ...files, "adapter_config.json": nameless })).rejects.toThrow(
    "load: model is an adapter that does not say which model it is for: name its base with the option `model`",
  );
});

it("takes prompts and lengths of vectors that make sense only", async () => {
  using encoder = await SentenceEncoder.load(await goldenFolder("truncate-distilbert"));
  for (const truncateDim of [0, 49, 1.5, "16" as never])
    await expect(encoder.encode(["a"], { truncateDim })).rejects.toThrow(/encode: truncateDim/);
  expect((await encoder.encode(["a"], { truncateDim: 3 }))[0]).toHaveLength(3);
  // Every model has these two, if only empty ones, as in sentence-transformers.
  expect(await encoder.encodeQuery(["a"])).toEqual(await encoder.encode(["a"]));
  await expect(encoder.encode(["a"], { promptName: "topic" })).rejects.toThrow('no prompt "topic"');
});
