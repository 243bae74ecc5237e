import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, normal, SentenceEncoder, StaleNodeError, TextClassifier } from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const labels = ["bad", "good"];
const lora = { rank: 2 };
const texts = ["a good film", "bad", "the story was very, very funny"];

let encoder: SentenceEncoder;
beforeEach(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
});
afterEach(() => encoder.dispose());

const active = () => encoder.adapters().find((one) => one.active)?.name ?? null;

/** An adapter that changes vectors. */
function add(name: string): void {
  encoder.addAdapter(name, lora);
  const { graph } = encoder;
  for (const id of encoder.adapter(name).params()) graph.setValue(id, normal(graph, graph.shape(id), 0.3));
}

describe("calls change nothing that they do not name", () => {
  it("of an encoder's own adapters the first is the active one, as in PEFT; further ones change no vector", async () => {
    add("a");
    expect(active()).toBe("a");
    const vectors = await encoder.encode(texts);
    add("b");
    encoder.loadAdapter("c", encoder.saveAdapter("b"));
    expect(active()).toBe("a");
    expect(await encoder.encode(texts)).toEqual(vectors);
    encoder.setAdapter("b");
    expect(await encoder.encode(texts)).toEqual(await encoder.encode(texts, { adapter: "c" }));
    encoder.setAdapter(null);
    add("d");
    expect(active()).toBe(null);
    for (const name of ["a", "b", "c", "d"]) encoder.removeAdapter(name);
    encoder.addAdapter("e", lora);
    expect(active()).toBe("e");
  });

  it("a classifier's adapter is its own: made, loaded, trained, asked and disposed of, it changes no vector of the encoder", async () => {
    const base = await encoder.encode(texts);
    const same = async () => expect(await encoder.encode(texts)).toEqual(base);
    const classifier = TextClassifier.create(encoder, { labels, lora });
    await same();
    await classifier.fit(examples, { steps: 3, batchSize: 8, learningRate: 0.02 });
    await same();
    const copy = TextClassifier.load(encoder, classifier.save(), { adapter: "copy" });
    await copy.predict(texts);
    await copy.evaluate(examples);
    await same();
    expect(active()).toBe(null);
    // It is no first adapter of the encoder's own.
    add("own");
    expect(active()).toBe("own");
    const own = await encoder.encode(texts);
    copy.dispose();
    classifier.dispose();
    expect(await encoder.encode(texts)).toEqual(own);
  });

  it("`setAdapter` changes no answer of a classifier, which has no option for it", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    await classifier.fit(examples, { steps: 3, batchSize: 8, learningRate: 0.02 });
    const answers = await classifier.predict(texts);
    for (const name of [null, "classifier", null]) {
      encoder.setAdapter(name);
      expect(await classifier.predict(texts)).toEqual(answers);
      expect(active()).toBe(name);
    }
    await expect(classifier.predict(texts, { adapter: null } as object)).rejects.toThrow(
      "a classifier's calls have its own",
    );
    encoder.scaleAdapter("classifier", 0);
    expect(await classifier.predict(texts)).not.toEqual(answers);
  });
});

describe("adapters do not pile up", () => {
  it("a second classifier of one name is told to dispose of the first, or to take another name", () => {
    const first = TextClassifier.create(encoder, { labels, lora });
    const again = () => TextClassifier.create(encoder, { labels, lora });
    expect(again).toThrow(ConfigError);
    expect(again).toThrow(
      /^TextClassifier\.create: there is an adapter "classifier" already, a classifier's: `dispose\(\)` .* option `adapter`$/,
    );
    expect(() => TextClassifier.load(encoder, first.save())).toThrow(/^TextClassifier\.load: .*option `adapter`$/);
    expect(() => encoder.addAdapter("classifier")).toThrow(/^addAdapter: .*`dispose\(\)`.*choose another name$/);
    encoder.addAdapter("plain", lora);
    expect(() => encoder.addAdapter("plain")).toThrow('`removeAdapter("plain")` frees it, or choose another name');
    first.dispose();
    again().dispose();
    expect(encoder.adapters().map(({ name }) => name)).toEqual(["plain"]);
  });

  it("`using` leaves none behind", async () => {
    for (let fold = 0; fold < 3; fold++) {
      using classifier = TextClassifier.create(encoder, { labels, lora });
      await classifier.fit(examples, { steps: 1, batchSize: 4 });
    }
    expect(encoder.adapters()).toEqual([]);
  });
});

describe("messages name the call, and what was meant", () => {
  it("one text where a list is meant", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const calls: Record<string, (one: never) => unknown> = {
      encode: (one) => encoder.encode(one),
      infer: (one) => encoder.infer(one, (pooled) => pooled),
      tokenize: (one) => encoder.tokenize(one),
      predict: (one) => classifier.predict(one),
      logits: (one) => classifier.logits(one),
    };
    for (const [name, call] of Object.entries(calls)) {
      const said = await Promise.resolve()
        .then(() => call("a film" as never))
        .catch((error: unknown) => error);
      expect(said).toBeInstanceOf(ConfigError);
      expect((said as Error).message).toBe(
        `${name}: a list of texts is expected (write [text] for one), got the single text "a film": \`${name}([text])\` takes it`,
      );
    }
  });

  it("empty lists and empty texts: nothing to say of none, and a text without words is one", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    expect(await encoder.encode([])).toEqual([]);
    expect(await classifier.predict([])).toEqual([]);
    expect((await encoder.encode([""]))[0]!.every(Number.isFinite)).toBe(true);
    expect((await classifier.predict([""]))[0]!.probability).toBeGreaterThan(0);
    await expect(classifier.fit([])).rejects.toThrow("fit: expected training examples, got an empty list");
    await expect(classifier.evaluate([])).rejects.toThrow("evaluate: expected examples, got an empty list");
  });

  it("unknown options, with the likely name", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const fit = (options: object) => expect(classifier.fit(examples, options)).rejects;
    await fit({ lr: 1, step: 5 }).toThrow('fit: there is no option "lr"; did you mean "learningRate"?');
    await fit({ step: 5 }).toThrow('did you mean "steps"?');
    await expect(encoder.encode(texts, { adaptor: "a" } as object)).rejects.toThrow(
      'encode: there is no option "adaptor"; did you mean "adapter"?',
    );
    await expect(classifier.evaluate(examples, { onprogress: 1 } as object)).rejects.toThrow(
      'evaluate: there is no option "onprogress"; did you mean "onProgress"?',
    );
    expect(() => TextClassifier.create(encoder, { label: labels } as never)).toThrow('did you mean "labels"?');
    expect(() => TextClassifier.create(encoder, { labels, lora: { r: 4 } as object, adapter: "x" })).toThrow(
      'TextClassifier.create: there is no option "r"; did you mean "rank"?',
    );
  });

  it("calls after `dispose`", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const other = TextClassifier.create(encoder, { labels, lora, adapter: "other" });
    classifier.dispose();
    const gone = /^(predict|logits|evaluate|fit|save): this classifier was disposed; load or create it again$/;
    await expect(classifier.predict(texts)).rejects.toThrow(gone);
    await expect(classifier.logits(texts)).rejects.toThrow(gone);
    await expect(classifier.evaluate(examples)).rejects.toThrow(gone);
    await expect(classifier.fit(examples)).rejects.toThrow(gone);
    expect(() => classifier.save()).toThrow(gone);
    encoder.dispose();
    await expect(encoder.encode(texts)).rejects.toThrow(StaleNodeError);
    await expect(encoder.encode(texts)).rejects.toThrow("encode: this encoder was disposed; load it again");
    await expect(other.predict(texts)).rejects.toThrow("predict: this encoder was disposed; load it again");
    expect(() => encoder.addAdapter("x")).toThrow("addAdapter: this encoder was disposed");
    expect(() => TextClassifier.create(encoder, { labels })).toThrow(
      "TextClassifier.create: this encoder was disposed",
    );
  });
});
