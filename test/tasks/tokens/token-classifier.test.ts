import { describe, expect, it } from "vitest";
import { ModelError, readSafetensors, TextClassifier, TokenClassifier, UnsupportedError } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { tokenCheckpoint } from "./token-checkpoint.js";

const families = [
  "bert",
  "roberta",
  "xlm-roberta",
  "distilbert",
  "electra",
  "albert",
  "mpnet",
  "deberta-v2",
  "modernbert",
];

interface Spans {
  readonly texts: string[];
  readonly spans: { label: string; probability: number; start: number; end: number }[][];
}

describe.each(families)("a checkpoint for token classification of %s", (family) => {
  it("gives transformers' logits", async () => {
    using classifier = await TokenClassifier.open(await tokenCheckpoint(family));
    const { texts } = await goldenJson<Spans>(`tokens/${family}/spans.json`);
    const expected = readSafetensors(await goldenBytes(`tokens/${family}/logits.safetensors`));
    const logits = await classifier.logits(texts);
    logits.forEach((own, i) => {
      const { data } = expected.tensor(String(i));
      expect(own.length).toBe(data.length);
      const worst = own.reduce((most, x, j) => Math.max(most, Math.abs(x - data[j]!)), 0);
      expect(worst).toBeLessThan(2e-5);
    });
  });

  it("gives the spans of transformers' pipeline, without white space at their ends", async () => {
    using classifier = await TokenClassifier.open(await tokenCheckpoint(family));
    const { texts, spans } = await goldenJson<Spans>(`tokens/${family}/spans.json`);
    const found = await classifier.predict(texts, { aggregation: "simple" });
    texts.forEach((text, i) => {
      const wanted = spans[i]!.map(({ label, probability, start, end }) => {
        const part = [...text].slice(start, end).join("");
        // Python counts code points.
        const units = (n: number) => [...text].slice(0, n).join("").length;
        const from = units(start) + part.length - part.trimStart().length;
        return { label, probability: expect.closeTo(probability, 4) as number, start: from, text: part.trim() };
      });
      const own = found[i]!.map(({ label, probability, start, text }) => ({ label, probability, start, text }));
      expect(own).toEqual(wanted);
      for (const span of found[i]!) expect(text.slice(span.start, span.end)).toBe(span.text);
    });
  });
});

// The others' tokenizers have pieces of a space alone, which are words to the pipeline.
describe.each(["bert", "distilbert", "electra", "mpnet"])("whole words of %s", (family) => {
  it('have the labels of their first tokens, as the pipeline\'s "first" gives them', async () => {
    using classifier = await TokenClassifier.open(await tokenCheckpoint(family));
    const { texts, spans } = await goldenJson<Spans>(`tokens/${family}/first.json`);
    const found = await classifier.predict(texts);
    texts.forEach((text, i) => {
      const wanted = spans[i]!.map(({ probability, ...span }) => ({
        ...span,
        probability: expect.closeTo(probability, 4) as number,
        text: text.slice(span.start, span.end),
      }));
      expect(found[i]).toEqual(wanted);
    });
    // Words that are cut already are the same words.
    const words = texts.map((text) => text.split(" "));
    expect(await classifier.predict(words)).toEqual(found);
    const apart = await classifier.predict(words, { aggregation: "none" });
    expect(apart.map((own) => own.map(({ text }) => text))).toEqual(words);
  });
});

it("predict labels each word as evaluate counts it, also of scripts without spaces, and refuses what are no words", async () => {
  using classifier = await TokenClassifier.open(await tokenCheckpoint("bert"));
  const words = ["Zbrzezny", "lived", "in", "Kwazimbe", "don't", "."];
  const [spans] = await classifier.predict([words], { aggregation: "none" });
  const labels = spans!.map(({ label }) => label);
  expect(labels).toHaveLength(words.length);
  expect(await classifier.evaluate([{ words, labels }])).toMatchObject({ accuracy: 1, count: words.length });
  const text = "in 東京、 Ada";
  const whole = await classifier.predict([text], { aggregation: "first" });
  for (const { start, end, text: part } of whole[0]!) expect(part).toBe(text.slice(start, end));
  const cut = await classifier.predict([Array.from({ length: 100 }, () => "Ada")], { aggregation: "none" });
  expect(cut[0]!.length).toBeLessThan(100);
  expect(await classifier.predict([[], ""])).toEqual([[], []]);
  await expect(classifier.predict([["Ada", " "]])).rejects.toThrow(/of number 0, word 1 is a string that is not empty/);
  await expect(classifier.predict(["a", 3] as never)).rejects.toThrow(/a string or a list of words, number 1 is 3/);
  await expect(classifier.predict("Ada" as never)).rejects.toThrow(/predict\(\[text\]\)/);
});

it("tokens apart, with and without the aggregation's labels; an adapter changes them; abort and disposal", async () => {
  using classifier = await TokenClassifier.open(await tokenCheckpoint("bert"));
  const text = "Ada Lovelace met Charles";
  const [tokens] = await classifier.predict([text], { aggregation: "none" });
  expect(tokens!.map((token) => token.text).join("")).toBe(text.replace(/ /g, ""));
  expect(tokens!.some(({ label }) => label.startsWith("B-") || label.startsWith("I-"))).toBe(true);
  const before = await classifier.logits([text]);
  classifier.encoder.addAdapter("a", {
    rank: 2,
    init: (_, { inFeatures, outFeatures, rank }) => ({
      a: { shape: [inFeatures, rank], data: new Float32Array(inFeatures * rank).fill(0.1) },
      b: { shape: [rank, outFeatures], data: new Float32Array(rank * outFeatures).fill(0.1) },
    }),
  });
  expect(await classifier.logits([text])).not.toEqual(before);
  expect(await classifier.logits([text], { adapter: null })).toEqual(before);
  const long = Array.from({ length: 300 }, () => text);
  const alone = await classifier.predict([text]);
  expect(await classifier.predict(long)).toEqual(long.map(() => alone[0]));
  const signal = AbortSignal.abort();
  await expect(classifier.predict(long, { signal })).rejects.toMatchObject({ name: "AbortError" });
  classifier.dispose();
  await expect(classifier.predict([text])).rejects.toThrow("disposed");
});

it("what is none is refused by name, and the other way round", async () => {
  const files = await tokenCheckpoint("bert");
  await expect(TextClassifier.open(files)).rejects.toThrow("open it with TokenClassifier.open");
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>;
  const other = (more: object) => ({
    ...files,
    "config.json": new TextEncoder().encode(JSON.stringify({ ...config, ...more })),
  });
  await expect(TokenClassifier.open(other({ architectures: ["BertModel"] }))).rejects.toThrow(UnsupportedError);
  await expect(TokenClassifier.open(other({ id2label: { 0: "O" } }))).rejects.toThrow(ModelError);
});
