import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AdapterError,
  ConfigError,
  type FileMap,
  FormatError,
  predictEach,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
  writeSafetensors,
} from "../../ts/index.js";
import { examples, tinyEncoder, tinyTokenizer } from "../models/tiny-encoder.js";

const labels = ["bad", "good"];
const run = { steps: 6, batchSize: 8, learningRate: 0.02 };
// What they end with is beyond six tokens.
const long = [
  "the story was quite the story and the music is good",
  "the music was very the film, the story is awful",
  "it was the end and the start [MASK]",
];

let files: FileMap;
const opened: SentenceEncoder[] = [];
const load = async (options = {}, from = files) => {
  const encoder = await SentenceEncoder.load(from, options);
  opened.push(encoder);
  return encoder;
};
beforeEach(async () => {
  files = await tinyEncoder();
});
afterEach(() => opened.splice(0).forEach((encoder) => encoder.dispose()));

async function trained(encoder: SentenceEncoder, adapter = "classifier"): Promise<TextClassifier> {
  const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2 }, adapter });
  await classifier.fit(examples, run);
  return classifier;
}

it("a classifier opens with any labels that it can be made with, such as half a surrogate pair from a file", async () => {
  const encoder = await load();
  using classifier = TextClassifier.create(encoder, { labels: ["half \ud800", "good"], lora: { rank: 2 } });
  using again = TextClassifier.load(encoder, classifier.save(), { adapter: "again" });
  expect(again.labels).toEqual(["half \ud800", "good"]);
});

const saved = (classifier: TextClassifier): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(classifier.save()["labels.json"])) as Record<string, unknown>;
const withLabels = (of: FileMap, json: object): FileMap => ({
  ...of,
  "labels.json": new TextEncoder().encode(JSON.stringify(json)),
});

/** The same model with one weight changed by a bit. */
function otherWeights(): FileMap {
  const file = readSafetensors(files["model.safetensors"]!);
  const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
  const name = file.names.find((one) => one.endsWith("layer.1.output.dense.weight"))!;
  const { data } = tensors.get(name)!;
  new Uint32Array(data.buffer)[data.length - 3]! ^= 1;
  return { ...files, "model.safetensors": writeSafetensors(tensors) };
}

describe("labels.json", () => {
  it("says everything that decides an answer beside adapter and head", async () => {
    const classifier = await trained(await load({ maxTokens: 6 }));
    expect(saved(classifier)).toEqual({
      format: 2,
      labels,
      pooling: "mean",
      normalize: false,
      prompt: "",
      maxTokens: 6,
      lowercase: false,
      base: { name: "model", fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    });
  });

  it("gives the run's own answers on an encoder whose texts are longer, or lowercased; the encoder's own stay", async () => {
    const short = await load({ maxTokens: 6 });
    const classifier = await trained(short);
    const answers = await classifier.predict(long);
    const settings = new TextEncoder().encode(JSON.stringify({ max_seq_length: 32, do_lower_case: true }));
    const other = await load({}, { ...files, "sentence_bert_config.json": settings });
    const before = [other.tokenize(long), await other.encode(long)];
    const loaded = TextClassifier.load(other, classifier.save());
    expect(await loaded.predict(long)).toEqual(answers);
    expect(await predictEach(long.map((text) => ({ classifier: loaded, text })))).toEqual(answers);
    expect(loaded.save()["labels.json"]).toEqual(classifier.save()["labels.json"]);
    expect([other.tokenize(long), await other.encode(long)]).toEqual(before);
    // It trains on as it would have where it was made.
    await classifier.fit(examples, run);
    await loaded.fit(examples, run);
    expect(loaded.save()).toEqual(classifier.save());
    // What was wrong before: all of the text.
    const whole = TextClassifier.load(other, withLabels(classifier.save(), { labels }), { adapter: "whole" });
    expect(await whole.predict(long)).not.toEqual(await loaded.predict(long));
  });

  it("lets classifiers of several lengths share batches", async () => {
    const encoder = await load();
    const [six, all] = [await trained(await load({ maxTokens: 6 })), await trained(encoder, "all")];
    const cut = TextClassifier.load(encoder, six.save(), { adapter: "cut" });
    const requests = long.flatMap((text) => [
      { classifier: cut, text },
      { classifier: all, text },
    ]);
    const apart = [await six.predict(long), await all.predict(long)];
    expect(await predictEach(requests)).toEqual(requests.map((_, i) => apart[i % 2]![i >> 1]!));
  });

  it("of the first format still loads", async () => {
    const encoder = await load();
    const classifier = await trained(encoder);
    const old = withLabels(classifier.save(), { labels, pooling: "mean" });
    const loaded = TextClassifier.load(await load(), old);
    expect(await loaded.predict(long)).toEqual(await classifier.predict(long));
  });

  it.each<[object, RegExp]>([
    [{ format: 3 }, /format must be 1 or 2 \(a later version of lowrank may read more\), got 3/],
    [{ normalize: true }, /normalize must be false/],
    [{ prompt: "query: " }, /prompt must be empty/],
    [{ maxTokens: 33 }, /texts of up to 33 tokens, but this encoder has positions for 32/],
    [{ maxTokens: 1 }, /maxTokens must be a whole number from 2, got 1/],
    [{ lowercase: "no" }, /lowercase must be true or false/],
    [{ base: { name: "x" } }, /base must be \{ name, fingerprint \}/],
    [{ merged: "x" }, /merged must be a fingerprint/],
  ])("with %j is refused by name", async (change, message) => {
    const encoder = await load();
    const classifier = await trained(encoder);
    const changed = withLabels(classifier.save(), { ...saved(classifier), ...change });
    const load2 = () => TextClassifier.load(encoder, changed, { adapter: "again" });
    expect(load2).toThrow(FormatError);
    expect(load2).toThrow(message);
    expect(encoder.adapters().map(({ name }) => name)).toEqual(["classifier"]);
  });
});

describe("the base", () => {
  it("is known by its weights, however they are kept, named and packed into files", async () => {
    const whole = readSafetensors(files["model.safetensors"]!);
    const renamed = new Map(
      [...whole.names].reverse().map((name) => [`bert.${name.replace(/^bert\./, "")}`, whole.tensor(name)]),
    );
    const [{ fingerprint }, f16, again] = [
      await load(),
      await load({ weights: "f16", packedCopies: 0 }),
      await load({}, { ...files, "model.safetensors": writeSafetensors(renamed) }),
    ];
    expect([f16.fingerprint, again.fingerprint]).toEqual([fingerprint, fingerprint]);
    expect((await load({}, otherWeights())).fingerprint).not.toBe(fingerprint);
  });

  it("is another one with another tokenizer, but not with one that is written otherwise", async () => {
    const withTokenizer = (tokenizer: object, space?: number) =>
      load({}, { ...files, "tokenizer.json": new TextEncoder().encode(JSON.stringify(tokenizer, null, space)) });
    const classifier = await trained(await load());
    const tokenizer = tinyTokenizer();
    const same = await withTokenizer({ ...tokenizer, truncation: { max_length: 8 } }, 2);
    expect(same.fingerprint).toBe(classifier.encoder.fingerprint);
    const other = await withTokenizer({ ...tokenizer, normalizer: { ...tokenizer.normalizer, lowercase: false } });
    expect(other.fingerprint).not.toBe(same.fingerprint);
    expect(() => TextClassifier.load(other, classifier.save())).toThrow(AdapterError);
    expect(() => TextClassifier.load(other, classifier.save())).toThrow(/model has other weights or another tokenizer/);
  });

  it("of other weights is refused by name, unless insisted on", async () => {
    const classifier = await trained(await load());
    const other = await load({}, otherWeights());
    expect(() => TextClassifier.load(other, classifier.save())).toThrow(AdapterError);
    expect(() => TextClassifier.load(other, classifier.save())).toThrow(
      /trained on model, and model has other weights or another tokenizer/,
    );
    expect(other.adapters()).toEqual([]);
    const insisted = TextClassifier.load(other, classifier.save(), { allowOtherBase: true });
    expect(await insisted.predict(long)).toHaveLength(long.length);
    expect(() => TextClassifier.load(other, classifier.save(), { allowOtherBase: 1 as never })).toThrow(ConfigError);
  });
});
