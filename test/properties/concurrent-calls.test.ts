import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { AbortError, ConfigError, type FileMap, predictEach, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const texts = Array.from({ length: 12 }, () => examples.map(({ text }) => text)).flat();
const opposite = examples.map(({ text, label }) => ({ text, label: label === "good" ? "bad" : "good" }));
const run = { steps: 6, batchSize: 8, learningRate: 0.01 };

let encoder: SentenceEncoder;
beforeEach(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
});
afterEach(() => encoder.dispose());

function classifier(adapter: string, on = encoder, dropout = 0.1): TextClassifier {
  return TextClassifier.create(on, { labels: ["bad", "good"], adapter, lora: { rank: 4, dropout } });
}

/** Two classifiers that disagree. */
async function trained(): Promise<[TextClassifier, TextClassifier]> {
  const [a, b] = [classifier("a"), classifier("b")];
  await a.fit(examples, run);
  await b.fit(opposite, run);
  return [a, b];
}

const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);
const weights = ({ "adapter_model.safetensors": adapter, "head.safetensors": head }: FileMap) => [adapter, head];

describe("calls on one encoder at the same time", () => {
  it("inference: each has its own adapter to the last batch", async () => {
    const [a, b] = await trained();
    const alone = [await a.logits(texts), await b.logits(texts), await encoder.encode(texts, { adapter: null })];
    const together = await Promise.all([a.logits(texts), b.logits(texts), encoder.encode(texts, { adapter: null })]);
    expect(together.map(flat)).toEqual(alone.map(flat));
    expect(flat(alone[0]!)).not.toEqual(flat(alone[1]!));
  });

  it("mixtures of adapters: each call keeps its own to the last batch, whatever is trained and renamed meanwhile", async () => {
    const [a, b] = await trained();
    const pattern = (i: number, shift: number) => ["a", "b", null][(i + shift) % 3]!;
    const mixtures = [0, 1, 2].map((shift) => texts.map((_, i) => pattern(i, shift)));
    const requests = texts.map((text, i) => ({ text, classifier: i % 3 === 0 ? a : b }));
    const encode = (adapters: (string | null)[]) => encoder.encode(texts, { adapters }).then(flat);
    const alone = [];
    for (const adapters of mixtures) alone.push(await encode(adapters));
    const predicted = await predictEach(requests);
    const calls = mixtures.map(encode);
    const prediction = predictEach(requests);
    encoder.setAdapter(null);
    encoder.renameAdapter("a", "c");
    encoder.scaleAdapter("c", 5);
    const fit = b.fit(opposite, run);
    expect(() => encoder.mergeAdapter("c")).toThrow("mergeAdapter");
    expect(await Promise.all(calls)).toEqual(alone);
    expect(await prediction).toEqual(predicted);
    await fit;
    expect(alone[0]).not.toEqual(alone[1]);
    const later = await encoder.encode(texts, { adapters: mixtures[0]!.map((name) => (name === "a" ? "c" : name)) });
    expect(flat(later)).not.toEqual(alone[0]);
  });

  it("two fits: each gives the bits it gives alone, dropout included", async () => {
    const bits = async (together: boolean) => {
      const own = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
      const [a, b] = [classifier("a", own), classifier("b", own)];
      if (together) await Promise.all([a.fit(examples, run), b.fit(opposite, { ...run, seed: 5 })]);
      else {
        const drawn = own.graph.streamsDrawn;
        await a.fit(examples, run);
        own.graph.streamsDrawn = drawn;
        await b.fit(opposite, { ...run, seed: 5 });
      }
      const saved = [weights(a.save()), weights(b.save())];
      own.dispose();
      return saved;
    };
    const [alone, together] = [await bits(false), await bits(true)];
    expect(together).toEqual(alone);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it("two models, loaded, trained and asked at once: each gives what it gives alone", async () => {
    const whole = async (seed: number) => {
      const own = await SentenceEncoder.load(await tinyEncoder(), { seed });
      const one = classifier("one", own);
      await one.fit(examples, run);
      const answers = flat(await one.logits(texts));
      const saved = weights(one.save());
      own.dispose();
      return { answers, saved };
    };
    const alone = [await whole(1), await whole(2)];
    expect(await Promise.all([whole(1), whole(2)])).toEqual(alone);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it("a fit takes no notice of what others do meanwhile, and they none of it", async () => {
    const undisturbed = classifier("undisturbed");
    const start = undisturbed.save();
    const drawn = encoder.graph.streamsDrawn;
    await undisturbed.fit(examples, run);

    const disturbed = TextClassifier.load(encoder, start, { adapter: "disturbed" });
    const before = flat(await disturbed.logits(texts));
    encoder.graph.streamsDrawn = drawn;
    const meanwhile: Promise<number[]>[] = [];
    await disturbed.fit(examples, {
      ...run,
      onProgress({ step }) {
        if (step === 1) {
          encoder.setAdapter(null);
          encoder.graph.eval();
          encoder.graph.nextStream();
          // Begun now, ended after many a step: what it sees is the adapter after the second step.
          meanwhile.push(disturbed.logits(texts).then(flat), disturbed.logits(texts.slice(0, 20)).then(flat));
        }
      },
    });
    const [long, short] = await Promise.all(meanwhile);
    expect(long!.slice(0, short!.length)).toEqual(short);
    expect(long).not.toEqual(before);
    expect(weights(disturbed.save())).toEqual(weights(undisturbed.save()));
    expect(encoder.graph.training).toBe(false);
    expect(encoder.adapters().every(({ active }) => !active)).toBe(true);
  });

  it("changes to the texts, the active adapter, names and adapters come too late for a call that has begun", async () => {
    const [a] = await trained();
    const alone = flat(await a.logits(texts));
    encoder.setAdapter("a");
    const queue = [...texts];
    const vectors = encoder.encode(queue);
    const logits = a.logits(queue);
    queue.fill("bad");
    encoder.setAdapter("b");
    const named = encoder.encode(texts, { adapter: "a" });
    encoder.renameAdapter("a", "c");
    encoder.removeAdapter("c");
    expect(flat(await logits)).toEqual(alone);
    expect(flat(await vectors)).toEqual(flat(await named));
    expect(encoder.adapters()).toEqual([{ name: "b", active: true, merged: false }]);
  });

  it("prediction, evaluation and training leave the active adapter as it is", async () => {
    const [a] = await trained();
    encoder.setAdapter(null);
    await a.predict(texts.slice(0, 3));
    await a.evaluate(examples.slice(0, 3));
    await a.fit(examples, run);
    expect(encoder.adapters().some(({ active }) => active)).toBe(false);
  });
});

describe("cancelling", () => {
  it("is heard after a batch, however many texts there are; the rest is not even turned into tokens", async () => {
    const many = Array.from({ length: 200 }, () => texts).flat();
    const { tokenizer } = encoder;
    const encode = tokenizer.encode.bind(tokenizer);
    let tokenized = 0;
    const encodeSteps = tokenizer.encodeSteps.bind(tokenizer);
    tokenizer.encodeSteps = (text) => (tokenized++, encodeSteps(text));
    const controller = new AbortController();
    const calls: number[] = [];
    const onProgress = (done: number) => (calls.push(done), controller.abort());
    await expect(encoder.encode(many, { signal: controller.signal, onProgress })).rejects.toThrow(AbortError);
    expect(calls).toHaveLength(1);
    expect(tokenized).toBeGreaterThan(0);
    expect(tokenized).toBeLessThan(3 * calls[0]!);
    tokenized = 0;
    const stop = new AbortController();
    tokenizer.encode = (text) => (++tokenized === 3 && stop.abort(), encode(text));
    // A millisecond passes whenever the time is asked, whatever the machine: a pause comes after 16 steps.
    let milliseconds = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => milliseconds++);
    onTestFinished(() => clock.mockRestore());
    const fit = classifier("a").fit(
      many.map((text) => ({ text, label: "good" })),
      { steps: 1e6, batchSize: 4, signal: stop.signal },
    );
    await expect(fit).rejects.toThrow(AbortError);
    expect(tokenized).toBeLessThanOrEqual(4 * 17);
  });
});

describe("what cannot be had at the same time is refused by name", () => {
  it("two fits of one adapter; merging, unmerging and removing while a call is under way", async () => {
    const [a, b] = await trained();
    const fit = a.fit(examples, run);
    await expect(a.fit(examples, run)).rejects.toThrow("another fit is training these parameters");
    expect(() => encoder.mergeAdapter("b")).toThrow('mergeAdapter: "a" is being trained');
    expect(() => encoder.removeAdapter("a")).toThrow('removeAdapter: "a" is being trained');
    expect(() => a.dispose()).toThrow('dispose: "a" is being trained');
    await fit;
    const call = b.logits(texts);
    expect(() => encoder.mergeAdapter("b")).toThrow("mergeAdapter: 1 call is under way");
    await call;
    encoder.mergeAdapter("b");
    const merged = b.logits(texts);
    expect(() => encoder.unmergeAdapter("b")).toThrow("unmergeAdapter: 1 call is under way");
    await merged;
    encoder.unmergeAdapter("b");
  });

  it("training, another adapter and the base alone while an adapter is merged", async () => {
    const [a, b] = await trained();
    encoder.mergeAdapter("b");
    const before = a.save();
    for (const one of [a, b]) await expect(one.fit(examples, run)).rejects.toThrow('"b" is merged into the base');
    await expect(a.logits(texts)).rejects.toThrow(ConfigError);
    await expect(encoder.encode(texts, { adapter: null })).rejects.toThrow("the base alone cannot be had");
    expect(() => encoder.removeAdapter("b")).toThrow('"b" is merged');
    expect(weights(a.save())).toEqual(weights(before));
    encoder.unmergeAdapter("b");
    await a.fit(examples, run);
  });

  it("a classifier whose adapter was removed, and one of another encoder's", async () => {
    const [a] = await trained();
    encoder.removeAdapter("a");
    classifier("a");
    await expect(a.logits(texts)).rejects.toThrow('adapter "a" was removed');
    await expect(a.fit(examples, run)).rejects.toThrow('adapter "a" was removed');
  });
});
