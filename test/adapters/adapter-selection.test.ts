import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  AbortError,
  ConfigError,
  engineInfo,
  MemoryError,
  NonFiniteError,
  normal,
  predictEach,
  SentenceEncoder,
  TextClassifier,
} from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

let encoder: SentenceEncoder;
let used: number;
beforeEach(async () => {
  used = engineInfo().memory.used;
  encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
});
afterEach(() => {
  engine().heap.budget = Infinity;
  encoder.dispose();
  expect(engineInfo().memory.used).toBe(used);
});

// Of many lengths, the shortest of two tokens, and more than a batch holds.
const texts = Array.from({ length: 150 }, (_, i) => {
  const { text } = examples[i % examples.length]!;
  return text
    .split(" ")
    .slice(0, i % 9)
    .join(" ");
});
const flat = (rows: readonly Float32Array[]) => rows.map((row) => [...row]);

const kinds = {
  one: { rank: 1 },
  two: { rank: 8, targetModules: "all-linear" },
  three: { rank: 40, alpha: 3, targetModules: ["key", "output.dense"], dropout: 0.5 },
  four: { rank: 3, dora: true },
  five: { rank: 4, dora: true, targetModules: ["dense"], dropout: 0.25 },
};
type Name = keyof typeof kinds;
const names = Object.keys(kinds) as Name[];

/** An adapter whose B is not zero. */
function add(name: Name): void {
  encoder.addAdapter(name, kinds[name]);
  const { graph } = encoder;
  for (const id of encoder.adapter(name).params()) graph.setValue(id, normal(graph, graph.shape(id), 0.3));
}

/** What each text gets from calls for one adapter alone. */
async function apart(chosen: readonly (string | null)[], asked = texts): Promise<number[][]> {
  const rows = new Array<number[]>(asked.length);
  for (const adapter of new Set(chosen)) {
    const own = [...asked.keys()].filter((i) => chosen[i] === adapter);
    const vectors = await encoder.encode(
      own.map((i) => asked[i]!),
      { adapter },
    );
    own.forEach((i, k) => (rows[i] = [...vectors[k]!]));
  }
  return rows;
}

describe("one adapter a text", () => {
  const mixtures: Record<string, readonly (Name | null)[]> = {
    "LoRA of several ranks and modules": ["one", "two", "three"],
    "some texts with none": [null, "two", null, "one"],
    "DoRA alone": ["four", "five"],
    "LoRA, DoRA and none": ["five", "one", null, "four", "three", "two"],
    "the same for all": ["two"],
    "none for all": [null],
  };
  it.each(Object.entries(mixtures))("%s: the bits of calls for one adapter alone", async (_, pattern) => {
    names.forEach(add);
    const chosen = texts.map((__, i) => pattern[(i * 7 + (i >> 3)) % pattern.length]!);
    expect(flat(await encoder.encode(texts, { adapters: chosen }))).toEqual(await apart(chosen));
  });

  it("in any order, of texts and of the adapters' addition", async () => {
    names.forEach(add);
    const chosen = texts.map((_, i) => [null, ...names][(i * i) % 6]!);
    const rows = flat(await encoder.encode(texts, { adapters: chosen }));
    const turned = [...texts.keys()].sort((a, b) => ((a * 53) % 150) - ((b * 53) % 150));
    const again = await encoder.encode(
      turned.map((i) => texts[i]!),
      { adapters: turned.map((i) => chosen[i]!) },
    );
    expect(flat(again)).toEqual(turned.map((i) => rows[i]!));
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(40);
  });

  it("is normalized, and read in the texts' order, by whatever finishes", async () => {
    names.forEach(add);
    const [asked, adapters] = [texts.slice(0, 3), ["two", null, "one"]];
    const vectors = await encoder.encode(asked, { adapters, normalize: true });
    const rows = await apart(adapters, asked);
    vectors.forEach((vector, i) => {
      const length = Math.hypot(...rows[i]!);
      vector.forEach((x, j) => expect(x).toBeCloseTo(rows[i]![j]! / length, 5));
    });
    const { graph } = encoder;
    const doubled = await encoder.infer(asked, (pooled) => graph.add(pooled, pooled), { adapters });
    expect(flat(doubled)).toEqual(rows.map((row) => row.map((x) => 2 * x)));
  });

  it("leaves the active adapter alone, and needs none", async () => {
    names.forEach(add);
    encoder.setAdapter("one");
    await encoder.encode(texts.slice(0, 2), { adapters: ["two", null] });
    expect(encoder.adapters().find(({ active }) => active)?.name).toBe("one");
    expect(await encoder.encode([], { adapters: [] })).toEqual([]);
  });

  it("what cannot be is refused before any work", async () => {
    add("one");
    add("two");
    const before = engineInfo().memory.used;
    const asked = texts.slice(0, 2);
    const { tokenizer } = encoder;
    tokenizer.encodeSteps = () => {
      throw new Error("work has begun");
    };
    const refused = (options: object) => expect(encoder.encode(asked, options)).rejects;
    await refused({ adapters: ["one"] }).toThrow("one name or null for each text, got 1 for 2 texts");
    await refused({ adapters: ["one", null, null] }).toThrow(ConfigError);
    await refused({ adapters: ["one", "six"] }).toThrow('there is no adapter "six"; loaded: "one", "two"');
    await refused({ adapters: ["one", undefined] }).toThrow("number 1 is undefined");
    await refused({ adapters: "one" }).toThrow("adapters are a list of names");
    await refused({ adapter: ["one", null] }).toThrow("a list goes to adapters");
    await refused({ adapter: "one", adapters: ["one", null] }).toThrow("give only one of them");
    await refused({ adapter: null, adapters: ["one", null] }).toThrow("give only one of them");
    encoder.mergeAdapter("one");
    await refused({ adapters: ["one", "two"] }).toThrow('"one" is merged into the base, so "two" cannot be had');
    await refused({ adapters: ["one", null] }).toThrow("the base alone cannot be had");
    await refused({ adapters: ["one", "one"] }).toThrow("work has begun");
    encoder.unmergeAdapter("one");
    // Nothing is under way any more.
    encoder.mergeAdapter("one");
    encoder.unmergeAdapter("one");
    expect(engineInfo().memory.used).toBeGreaterThanOrEqual(before);
  });

  it("a refused request for memory leaves everything as before", async () => {
    names.forEach(add);
    const asked = texts.slice(0, 12);
    const adapters = asked.map((_, i) => [null, ...names][i % 6]!);
    const want = flat(await encoder.encode(asked, { adapters }));
    const values = () => names.flatMap((name) => Object.values(encoder.saveAdapter(name)));
    const before = values();
    const more = Array.from({ length: 100 }, () => asked).flat();
    engine().heap.budget = engineInfo().memory.used;
    const wide = more.map((text) => `${text} ${text} ${text}`);
    const all = more.map((_, i) => adapters[i % 12]!);
    await expect(encoder.encode(wide, { adapters: all })).rejects.toThrow(MemoryError);
    engine().heap.budget = Infinity;
    expect(values()).toEqual(before);
    expect(encoder.graph.training).toBe(true);
    expect(flat(await encoder.encode(asked, { adapters }))).toEqual(want);
  });
});

it("gradients of a mixed batch are those of its parts, dropout off and on", () => {
  names.forEach(add);
  const { graph } = encoder;
  const adapters = ["one", "four", null, "one", "five", "two", "three", "four"];
  const ids = encoder.tokenize(texts.slice(8, 16));
  // But the pooler's, which no vector depends on.
  const params = names.flatMap((name) =>
    [...encoder.adapter(name).layers]
      .filter(([path]) => path !== "pooler.dense")
      .flatMap(([, { loraA, loraB, magnitude }]) => (magnitude === null ? [loraA, loraB] : [loraA, loraB, magnitude])),
  );
  /** Gradients after a pass over some of the texts. */
  const pass = (chosen: readonly number[], apply: Parameters<SentenceEncoder["pooled"]>[1]) => {
    graph.step(() => {
      const pooled = encoder.pooled(raggedBatch(chosen.map((i) => ids[i]!)), apply);
      graph.backward(graph.sum(graph.square(pooled)));
    });
  };
  const gradients = () => params.map((id) => graph.grad(id)!);
  graph.eval();
  graph.zeroGrads();
  pass([...ids.keys()], adapters);
  const together = gradients();
  graph.zeroGrads();
  for (const adapter of new Set(adapters)) {
    if (adapter === null) continue;
    const own = [...ids.keys()].filter((i) => adapters[i] === adapter);
    pass(own, adapter);
  }
  const parts = gradients();
  together.forEach(({ data }, i) => {
    const most = parts[i]!.data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
    expect(most).toBeGreaterThan(0);
    data.forEach((x, j) => expect(Math.abs(x - parts[i]!.data[j]!)).toBeLessThan(2e-6 * (most + 1)));
  });
  // With dropout each kind of rows draws a mask of its own; every adapter learns.
  graph.train();
  graph.zeroGrads();
  pass([...ids.keys()], adapters);
  const dropped = gradients();
  expect(dropped.every(({ data }) => data.some((x) => x !== 0) && data.every(Number.isFinite))).toBe(true);
  expect(dropped).not.toEqual(together);
  graph.zeroGrads();
  expect(() => encoder.pooled(raggedBatch(ids), ["one"])).toThrow("got 1 for 8 texts");
});

describe("an adapter's scale", () => {
  it("multiplies s·A·B where it applies, merged or not, and is no part of the files", async () => {
    names.forEach(add);
    const asked = texts.slice(0, 9);
    const base = flat(await encoder.encode(asked, { adapter: null }));
    for (const name of ["two", "four"] as const) {
      const adapter = encoder.adapter(name);
      const files = encoder.saveAdapter(name);
      const whole = flat(await encoder.encode(asked, { adapter: name }));
      encoder.scaleAdapter(name, 0.5);
      expect(adapter.scale).toBe(0.5);
      const half = flat(await encoder.encode(asked, { adapter: name }));
      expect(half).not.toEqual(whole);
      expect(encoder.saveAdapter(name)).toEqual(files);
      encoder.mergeAdapter(name);
      const merged = flat(await encoder.encode(asked, { adapter: name }));
      merged.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(half[i]![j]!, 4)));
      encoder.unmergeAdapter(name);
      // The same as half of B.
      const { graph } = encoder;
      encoder.scaleAdapter(name, 1);
      for (const { loraB } of adapter.layers.values()) {
        const value = graph.value(loraB);
        graph.setValue(loraB, { ...value, data: value.data.map((x) => x / 2) });
      }
      const halved = flat(await encoder.encode(asked, { adapter: name }));
      halved.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(half[i]![j]!, 5)));
    }
    encoder.scaleAdapter("two", 0);
    expect(flat(await encoder.encode(asked, { adapter: "two" }))).toEqual(base);
  });

  it("is refused where it makes no sense or somebody uses the adapter; a call goes on as it began", async () => {
    add("two");
    for (const wrong of [NaN, Infinity, "1", undefined])
      expect(() => encoder.scaleAdapter("two", wrong as number)).toThrow("scaleAdapter: factor is a finite number");
    expect(() => encoder.scaleAdapter("one", 2)).toThrow('there is no adapter "one"');
    const alone = flat(await encoder.encode(texts, { adapter: "two" }));
    const call = encoder.encode(texts, { adapter: "two" });
    encoder.scaleAdapter("two", 3);
    expect(flat(await call)).toEqual(alone);
    encoder.mergeAdapter("two");
    expect(() => encoder.scaleAdapter("two", 1)).toThrow('scaleAdapter: "two" is merged');
    encoder.unmergeAdapter("two");
    const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"] });
    const fit = classifier.fit(examples, { steps: 2, batchSize: 4 });
    expect(() => encoder.scaleAdapter("classifier", 2)).toThrow("is being trained");
    await fit;
  });
});

describe("predictEach", () => {
  const run = { steps: 4, batchSize: 8, learningRate: 0.01 };
  /** Three classifiers, one of them of three classes and one DoRA. */
  async function trained(): Promise<TextClassifier[]> {
    const labels = ["bad", "good"];
    const all = [
      TextClassifier.create(encoder, { labels, adapter: "a", lora: { rank: 4 } }),
      TextClassifier.create(encoder, { labels: [...labels, "other"], adapter: "b", lora: { rank: 2 } }),
      TextClassifier.create(encoder, { labels, adapter: "c", lora: { rank: 4, dora: true } }),
    ];
    for (const [i, classifier] of all.entries()) await classifier.fit(examples, { ...run, seed: i });
    return all;
  }

  it("says what each classifier says, to the bit, in order", async () => {
    const all = await trained();
    const requests = texts.map((text, i) => ({ classifier: all[(i * i) % 3 === 1 ? i % 2 : 2]!, text }));
    const alone = new Map(await Promise.all(all.map(async (one) => [one, await one.predict(texts)] as const)));
    const done: number[] = [];
    const answers = await predictEach(requests, { onProgress: (count) => done.push(count) });
    expect(answers).toEqual(requests.map(({ classifier }, i) => alone.get(classifier)![i]!));
    expect(done.at(-1)).toBe(texts.length);
    expect(await predictEach([])).toEqual([]);
  });

  it("with adapters and heads as they are when it begins", async () => {
    const all = await trained();
    const requests = texts.map((text, i) => ({ classifier: all[i % 3]!, text }));
    const alone = await predictEach(requests);
    const call = predictEach(requests);
    requests.reverse();
    encoder.renameAdapter("a", "z");
    const fit = all[1]!.fit(examples, run);
    all[2]!.dispose();
    expect(await call).toEqual(alone);
    await fit;
    await expect(predictEach(requests)).rejects.toThrow("predictEach: this classifier was disposed");
  });

  it("refuses classifiers of two encoders, and logits that are no numbers", async () => {
    const [a, b] = await trained();
    const other = await SentenceEncoder.load(await tinyEncoder());
    const stranger = TextClassifier.create(other, { labels: ["x", "y"] });
    const text = "a film";
    const asked = [a!, stranger].map((classifier) => ({ classifier, text }));
    await expect(predictEach(asked)).rejects.toThrow("request 1 has another");
    other.dispose();
    const { graph } = encoder;
    graph.setValue(b!.head.bias, { shape: [3], data: Float32Array.of(NaN, 0, 0) });
    const both = [a!, b!].map((classifier) => ({ classifier, text }));
    await expect(predictEach(both)).rejects.toThrow(NonFiniteError);
    const controller = new AbortController();
    controller.abort();
    await expect(predictEach(both, { signal: controller.signal })).rejects.toThrow(AbortError);
    encoder.mergeAdapter("a");
    await expect(predictEach(both)).rejects.toThrow('"a" is merged into the base');
    encoder.unmergeAdapter("a");
  });
});
