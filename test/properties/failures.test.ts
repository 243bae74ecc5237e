import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AdapterError,
  ConfigError,
  createEngine,
  engineInfo,
  type FileMap,
  FormatError,
  Graph,
  LowrankError,
  MemoryError,
  metrics,
  type ModelSource,
  NonFiniteError,
  normal,
  predictEach,
  readSafetensors,
  SentenceEncoder,
  ShapeError,
  TextClassifier,
  writeSafetensors,
} from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { bytesSource } from "../../ts/io/byte-source.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const { heap } = engine();
const texts = examples.map(({ text }) => text);
const labels = ["bad", "good"];
const run = { steps: 3, batchSize: 8, learningRate: 0.01 };
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

let encoder: SentenceEncoder;
let files: FileMap;
let used: number;
beforeEach(async () => {
  used = engineInfo().memory.used;
  files = await tinyEncoder();
  encoder = await SentenceEncoder.load(files);
});
afterEach(() => {
  heap.budget = Infinity;
  encoder.dispose();
  expect(engineInfo().memory.used).toBe(used);
});

/**
 * Tries `body` with ever more memory, from none, until it is enough: each of its allocations is refused in turn, and
 * after each refusal `check` must hold and no byte be kept.
 */
async function untilItFits(body: () => unknown, check: () => unknown): Promise<number> {
  let refusals = 0;
  for (let left = 0; ; left += 64) {
    const before = engineInfo().memory.used;
    heap.budget = before + left;
    try {
      await body();
      return refusals;
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      refusals++;
      const kept = engineInfo().memory.used;
      heap.budget = Infinity;
      await check();
      expect(kept).toBe(before);
    } finally {
      heap.budget = Infinity;
    }
  }
}

describe("memory that is refused", () => {
  it("adds no part of an adapter or a classifier, and everything works as before", async () => {
    encoder.addAdapter("first", { rank: 2 });
    const before = flat(await encoder.encode(texts));
    let drawn = encoder.graph.streamsDrawn;
    const check = () => {
      expect(encoder.adapters()).toEqual([{ name: "first", active: true, merged: false }]);
      expect(encoder.graph.streamsDrawn).toBe(drawn);
    };
    const create = () => TextClassifier.create(encoder, { labels, lora: { rank: 2, dora: true } });
    expect(await untilItFits(create, check)).toBeGreaterThan(20);
    expect(flat(await encoder.encode(texts))).toEqual(before);
    const saved = encoder.saveAdapter("classifier");
    encoder.removeAdapter("classifier");
    drawn = encoder.graph.streamsDrawn;
    const load = () => encoder.loadAdapter("classifier", saved);
    expect(await untilItFits(load, check)).toBeGreaterThan(20);
    expect(encoder.saveAdapter("classifier")).toEqual(saved);
  });

  it("merges all layers or none: what a refused merge leaves is the base, to the bit", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2, targetModules: "all-linear" } });
    await classifier.fit(examples, run);
    const weights = () => encoder.model.linears().map(({ weight }) => encoder.graph.value(weight));
    const before = weights();
    const alone = flat(await encoder.encode(texts, { adapter: null }));
    // The graph's own chunks hold what merging needs; a break in the last layer is what a full memory would be.
    const last = encoder.model.linears().at(-1)!;
    const merge = last.merge.bind(last);
    last.merge = () => {
      throw new MemoryError("no more memory");
    };
    expect(() => encoder.mergeAdapter("classifier")).toThrow(MemoryError);
    last.merge = merge;
    expect(weights()).toEqual(before);
    expect(encoder.adapters()[0]!.merged).toBe(false);
    expect(flat(await encoder.encode(texts, { adapter: null }))).toEqual(alone);
    encoder.mergeAdapter("classifier");
    expect(weights()).not.toEqual(before);
    encoder.unmergeAdapter("classifier");
    expect(weights()).toEqual(before);
  });

  it("lets training and inference fail and be tried again", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2 } });
    const fitted = await SentenceEncoder.load(files);
    const undisturbed = TextClassifier.create(fitted, { labels, lora: { rank: 2 } });
    let refusals = 0;
    for (let left = 0; ; left += 4096) {
      heap.budget = engineInfo().memory.used + left;
      const outcome = await classifier.fit(examples, run).catch((error: unknown) => error);
      heap.budget = Infinity;
      if (!(outcome instanceof Error)) break;
      expect(outcome).toBeInstanceOf(MemoryError);
      refusals++;
    }
    expect(refusals).toBeGreaterThan(3);
    await undisturbed.fit(examples, run);
    expect(classifier.save()).toEqual(undisturbed.save());
    fitted.dispose();
  });
});

it("a classifier that is disposed of gives back adapter and head, to the last byte, and the encoder goes on", async () => {
  const before = flat(await encoder.encode(texts));
  const { used: base } = engineInfo().memory;
  for (let round = 0; round < 3; round++) {
    const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2, dora: true } });
    const fit = classifier.fit(examples, run);
    expect(() => classifier.dispose()).toThrow(ConfigError);
    await fit;
    classifier.dispose();
    classifier.dispose();
    await expect(classifier.predict(texts)).rejects.toThrow(LowrankError);
  }
  const grown = engineInfo().memory.used - base;
  TextClassifier.create(encoder, { labels, lora: { rank: 2, dora: true } }).dispose();
  // What the graph's steps took stays for later ones; nothing of a classifier does.
  expect(engineInfo().memory.used - base).toBe(grown);
  expect(flat(await encoder.encode(texts))).toEqual(before);
});

it.each(["engine", "encoder"])("classifiers and adapters can still be disposed of after their %s", async (owner) => {
  const own = await createEngine({ build: engineInfo().build, threads: 1 });
  const other = await SentenceEncoder.load(files, { engine: own });
  const classifiers = ["a", "b", "c"].map((adapter) => TextClassifier.create(other, { labels, adapter }));
  other.addAdapter("d");
  other.mergeAdapter("c");
  if (owner === "engine") await own.close();
  else other.dispose();
  for (const classifier of classifiers) classifier.dispose();
  other.removeAdapter("d");
  expect(other.adapters()).toEqual([]);
  expect(() => other.removeAdapter("d")).toThrow(ConfigError);
  other.dispose();
  await own.close();
});

it("what no constructor made is refused by name", async () => {
  const classifier = Object.create(TextClassifier.prototype) as TextClassifier;
  await expect(predictEach([{ classifier, text: "a" }])).rejects.toThrow(/classifier is a TextClassifier/);
  const [noEncoder, noGraph] = [SentenceEncoder, Graph].map(({ prototype }) => Object.create(prototype) as never);
  expect(() => TextClassifier.create(noEncoder!, { labels })).toThrow(ConfigError);
  expect(() => normal(noGraph!, [2], 1)).toThrow(ConfigError);
});

it("adapters stand in the order they were added, renamed or not", () => {
  for (const name of ["a", "b", "c"]) encoder.addAdapter(name, { rank: 1 });
  encoder.renameAdapter("a", "z");
  expect(encoder.adapters().map(({ name }) => name)).toEqual(["z", "b", "c"]);
});

describe("files that break a load", () => {
  /** The files as a source that counts what it has open; reading `broken` fails after a few bytes. */
  function counting(broken: string | null) {
    let open = 0;
    const source: ModelSource = {
      name: "counted",
      open: async (file) => {
        if (!Object.hasOwn(files, file)) return null;
        open++;
        const bytes = bytesSource(files[file]!);
        return {
          size: bytes.size,
          read: (start, end) => {
            if (file === broken && start > 0) throw new Error("the disk is gone");
            return bytes.read(start, end);
          },
          close: async () => void open--,
        };
      },
    };
    return { source, open: () => open };
  }

  it("leave no file open and no memory taken", async () => {
    const before = engineInfo().memory.used;
    // [file that cannot be read, options, message]
    const cases = [
      ["model.safetensors", {}, "the disk is gone"],
      [null, { seed: -1 }, "seed"],
      [null, { packedCopies: 3 as 2 }, "packedCopies"],
      [null, { maxTokens: 1 }, "maxTokens is a whole number from 2 to 32"],
      [null, { sed: 1 } as object, 'did you mean "seed"'],
    ] as const;
    for (const [broken, options, message] of cases) {
      const { source, open } = counting(broken);
      await expect(SentenceEncoder.load(source, options)).rejects.toThrow(message);
      expect(open()).toBe(0);
      expect(engineInfo().memory.used).toBe(before);
    }
    const { source, open } = counting(null);
    (await SentenceEncoder.load(source)).dispose();
    expect(open()).toBe(0);
  });
});

describe("values that are no numbers", () => {
  /** A trained classifier's files with one element of a tensor replaced. */
  async function poisoned(name: "adapter_model.safetensors" | "head.safetensors", value: number): Promise<FileMap> {
    const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2 } });
    await classifier.fit(examples, run);
    const saved = classifier.save();
    encoder.removeAdapter("classifier");
    const file = readSafetensors(saved[name]!);
    const tensors = new Map(file.names.map((tensor) => [tensor, file.tensor(tensor)]));
    tensors.get(file.names[0]!)!.data[1] = value;
    return { ...saved, [name]: writeSafetensors(tensors, Object.fromEntries(file.metadata)) };
  }

  it("in an adapter are refused by name; where they are insisted on, they show in every answer", async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const bad = await poisoned("adapter_model.safetensors", value);
      expect(() => encoder.loadAdapter("bad", bad)).toThrow(AdapterError);
      expect(() => TextClassifier.load(encoder, bad)).toThrow(/lora_[AB].*not finite/);
      expect(encoder.adapters()).toEqual([]);
      const classifier = TextClassifier.load(encoder, bad, { allowNonFinite: true });
      const vectors = await encoder.encode(texts.slice(0, 3), { adapter: classifier.adapter });
      for (const vector of vectors) expect(vector.some(Number.isFinite)).toBe(false);
      await expect(classifier.predict(texts)).rejects.toThrow(NonFiniteError);
      await expect(classifier.evaluate(examples)).rejects.toThrow("which give no probabilities");
      await expect(classifier.fit(examples, run)).rejects.toThrow(NonFiniteError);
      encoder.removeAdapter("classifier");
    }
  });

  it("in a head are refused by name", async () => {
    const bad = await poisoned("head.safetensors", NaN);
    expect(() => TextClassifier.load(encoder, bad)).toThrow(FormatError);
    expect(() => TextClassifier.load(encoder, bad)).toThrow("head.safetensors: ");
    const classifier = TextClassifier.load(encoder, bad, { allowNonFinite: true });
    await expect(classifier.predict(texts)).rejects.toThrow(NonFiniteError);
  });

  it("in logits give no metrics, and neither do rows that do not fit", async () => {
    await expect(metrics([Float32Array.of(NaN, 1)], [0], 2)).rejects.toThrow(NonFiniteError);
    await expect(metrics([Float32Array.of(1, Infinity)], [0], 2)).rejects.toThrow(NonFiniteError);
    expect((await metrics([Float32Array.of(-Infinity, 1)], [1], 2)).accuracy).toBe(1);
    await expect(metrics([Float32Array.of(0, 1)], [2], 2)).rejects.toThrow(ShapeError);
    await expect(metrics([Float32Array.of(0, 1, 2)], [0], 2)).rejects.toThrow(ShapeError);
    await expect(metrics([Float32Array.of(0, 1)], [0, 1], 2)).rejects.toThrow(ShapeError);
  });
});

describe("arguments", () => {
  it("of the wrong kind are refused before any work, by what was given and meant", async () => {
    const classifier = TextClassifier.create(encoder, { labels });
    const before = engineInfo().memory.used;
    await expect(encoder.encode("text" as never)).rejects.toThrow("write [text] for one");
    await expect(encoder.encode("text" as never)).rejects.toThrow(
      'got the single text "text": `encode([text])` takes it',
    );
    await expect(encoder.encode(["a", 5 as never])).rejects.toThrow("encode: texts: each is a string, number 1 is 5");
    await expect(encoder.encode(texts, { normalise: true } as object)).rejects.toThrow('did you mean "normalize"');
    await expect(encoder.encode(texts, null as never)).rejects.toThrow(ConfigError);
    await expect(encoder.encode(texts, { adapter: "x" })).rejects.toThrow('there is no adapter "x"');
    await expect(encoder.encode(texts, { adapter: 5 as never })).rejects.toThrow(ConfigError);
    await expect(classifier.predict("text" as never)).rejects.toThrow("write [text] for one");
    await expect(classifier.predict(texts, { adapter: null } as object)).rejects.toThrow(ConfigError);
    await expect(classifier.fit("text" as never)).rejects.toThrow("a list of examples is expected");
    await expect(classifier.fit([{ text: "a" } as never])).rejects.toThrow("example 0");
    await expect(classifier.fit([{ text: "a", label: "none" }])).rejects.toThrow('label "none" is not one of');
    await expect(classifier.evaluate([null as never])).rejects.toThrow("example 0");
    expect(() => TextClassifier.create(encoder, { labels: "ab" as never, adapter: "x" })).toThrow(ConfigError);
    expect(() => TextClassifier.create(encoder, { labels: ["a", "a"], adapter: "x" })).toThrow("named twice");
    expect(() => TextClassifier.create(encoder, { labels, lora: { r: 4 } as object, adapter: "x" })).toThrow('"rank"');
    expect(() => encoder.addAdapter("", {})).toThrow("an adapter's name is a string");
    expect(() => encoder.addAdapter("x", { rank: 0 })).toThrow(ConfigError);
    expect(() => encoder.addAdapter("x", { targetModules: 5 as never })).toThrow(ConfigError);
    expect(() => encoder.addAdapter("x", { targetModules: [5 as never] })).toThrow(ConfigError);
    expect(() => encoder.loadAdapter("x", null as never)).toThrow(ConfigError);
    expect(() => encoder.setAdapter(undefined as never)).toThrow(ConfigError);
    expect(() => encoder.renameAdapter("classifier", "classifier ".trim())).not.toThrow();
    expect(encoder.adapters()).toEqual([{ name: "classifier", active: false, merged: false }]);
    expect(engineInfo().memory.used).toBe(before);
  });
});
