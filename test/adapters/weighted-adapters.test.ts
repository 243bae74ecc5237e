import { afterEach, describe, expect, it, vi } from "vitest";
import { combineElements } from "../../ts/adapters/weighted-sum.js";
import {
  AbortError,
  AdapterError,
  ConfigError,
  CrossEncoder,
  engineInfo,
  readAdapter,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
  UnsupportedError,
  type WeightedAdapterOptions,
} from "../../ts/index.js";
import { Philox } from "../../ts/nn/random.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { goldenEncoder, texts } from "../models/golden-encoder.js";

interface Case {
  readonly adapters: string[];
  readonly weights: number[];
  readonly combination_type: NonNullable<WeightedAdapterOptions["combinationType"]>;
  readonly svd_rank?: number;
  readonly density?: number;
  readonly majority_sign_method?: "total" | "frequency";
}
const cases = await goldenJson<Case[]>("weighted/cases.json");
const updates = readSafetensors(await goldenBytes("weighted/updates.safetensors"));
const NAMES = ["one", "two", "three"];

afterEach(() => vi.restoreAllMocks());

async function withAdapters(seed = 0) {
  const encoder = await SentenceEncoder.load(await goldenEncoder("bert"), { seed });
  for (const name of NAMES) {
    encoder.loadAdapter(name, {
      "adapter_config.json": await goldenBytes(`weighted/${name}/adapter_config.json`),
      "adapter_model.safetensors": await goldenBytes(`weighted/${name}/adapter_model.safetensors`),
    });
  }
  return encoder;
}

/** s·A·B `[out, in]` of every module in an adapter's files. */
function updatesOf(encoder: SentenceEncoder, name: string): Map<string, number[]> {
  const { layers } = readAdapter(encoder.saveAdapter(name));
  return new Map(
    [...layers].map(([path, { loraA, loraB, rank, scaling }]) => {
      const [rows, columns] = [loraA.shape[0]!, loraB.shape[1]!];
      const update = Array.from({ length: columns * rows }, (_, at) => {
        const [o, i] = [Math.floor(at / rows), at % rows];
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += loraA.data[i * rank + r]! * loraB.data[r * columns + o]!;
        return sum * scaling;
      });
      return [path, update] as const;
    }),
  );
}

describe("a weighted sum of adapters", () => {
  it.each(cases.map((one, i) => [`${i}: ${one.combination_type} of ${one.adapters.join(", ")}`, i] as const))(
    "%s is PEFT's",
    async (_, number) => {
      using encoder = await withAdapters();
      const { adapters, weights, combination_type, svd_rank, density, majority_sign_method } = cases[number]!;
      await encoder.addWeightedAdapter("sum", {
        adapters,
        weights,
        combinationType: combination_type,
        ...(svd_rank !== undefined && { svdRank: svd_rank }),
        ...(density !== undefined && { density }),
        ...(majority_sign_method !== undefined && { majoritySignMethod: majority_sign_method }),
      });
      const own = updatesOf(encoder, "sum");
      const expected = updates.names.filter((name) => name.startsWith(`${number}.`));
      expect([...own.keys()].sort()).toEqual(expected.map((name) => name.slice(`${number}.`.length)).sort());
      for (const name of expected) {
        const { data } = updates.tensor(name);
        const update = own.get(name.slice(`${number}.`.length))!;
        // PEFT computes in float32, of numbers up to 3.
        const worst = update.reduce((most, x, i) => Math.max(most, Math.abs(x - data[i]!)), 0);
        expect(worst, name).toBeLessThan(5e-6);
        expect(data.some((x) => Math.abs(x) > 0.1)).toBe(true);
      }
    },
  );

  it("cat gives the sum of the updates, in what encode gives too, with what scaleAdapter says", async () => {
    using encoder = await withAdapters();
    encoder.scaleAdapter("one", 0.5);
    await encoder.addWeightedAdapter("sum", { adapters: ["one", "two"], weights: [1, -2], combinationType: "cat" });
    const [sum, one, two] = ["sum", "one", "two"].map((name) => updatesOf(encoder, name));
    for (const [path, update] of sum!)
      update.forEach((x, i) => {
        // What is saved of an adapter is without its factor.
        const expected = 0.5 * (one!.get(path)?.[i] ?? 0) - 2 * (two!.get(path)?.[i] ?? 0);
        expect(Math.abs(x - expected)).toBeLessThan(1e-6);
      });
    const applied = await encoder.encode(texts, { adapter: "sum" });
    encoder.mergeAdapter("sum");
    const merged = await encoder.encode(texts, { adapter: "sum" });
    applied.forEach((row, i) => row.forEach((x, j) => expect(Math.abs(x - merged[i]![j]!)).toBeLessThan(1e-5)));
  });

  it("its files load again to the same bits, and those it is of can be removed", async () => {
    using encoder = await withAdapters();
    await encoder.addWeightedAdapter("sum", { adapters: NAMES, weights: [1, 1, 1] });
    const expected = await encoder.encode(texts, { adapter: "sum" });
    for (const name of NAMES) encoder.removeAdapter(name);
    expect(encoder.adapters()).toEqual([{ name: "sum", active: false, merged: false }]);
    expect(await encoder.encode(texts, { adapter: "sum" })).toEqual(expected);
    encoder.loadAdapter("again", encoder.saveAdapter("sum"));
    expect(await encoder.encode(texts, { adapter: "again" })).toEqual(expected);
  });

  it.each(["dare_linear", "dare_ties", "dare_linear_svd"] as const)(
    "%s draws from the seed",
    async (combinationType) => {
      const made = async (seed: number) => {
        using encoder = await withAdapters(seed);
        const options = { adapters: ["one", "two"], weights: [1, 1], combinationType, density: 0.5 };
        await encoder.addWeightedAdapter("first", options);
        await encoder.addWeightedAdapter("second", options);
        return [updatesOf(encoder, "first"), updatesOf(encoder, "second")];
      };
      const [a, again, other] = [await made(3), await made(3), await made(4)];
      expect(again).toEqual(a);
      expect(other).not.toEqual(a);
      expect(a[0]).not.toEqual(a[1]);
    },
  );

  it.each(["svd", "ties_svd", "dare_linear_svd"] as const)(
    "%s is of the adapters as they were at the call, under its old name too, or leaves nothing",
    async (combinationType) => {
      using encoder = await withAdapters(3);
      using plain = await withAdapters(3);
      const density = combinationType === "svd" ? {} : { density: 0.5 };
      const options = { adapters: ["one", "two"], weights: [1, -2], combinationType, ...density };
      const { used } = engineInfo().memory;
      const controller = new AbortController();
      const cancelled = encoder.addWeightedAdapter("sum", { ...options, signal: AbortSignal.abort() });
      await expect(cancelled).rejects.toThrow(AbortError);
      const late = new AbortController();
      const stopped = encoder.addWeightedAdapter("sum", { ...options, signal: late.signal });
      late.abort();
      await expect(stopped).rejects.toThrow(AbortError);
      expect(engineInfo().memory.used).toBe(used);
      expect(encoder.adapters()).toEqual(plain.adapters());
      const making = encoder.addWeightedAdapter("sum", { ...options, signal: controller.signal });
      encoder.scaleAdapter("one", 0);
      await making;
      await plain.addWeightedAdapter("sum", options);
      expect(updatesOf(encoder, "sum")).toEqual(updatesOf(plain, "sum"));
      expect(encoder.graph.streamsDrawn).toBe(plain.graph.streamsDrawn);
      await expect(encoder.addWeightedAdapter("sum", options)).rejects.toThrow("there is an adapter");
    },
  );

  it("a decomposition that is aborted in its middle answers before its next step, and nothing has changed", async () => {
    using encoder = await withAdapters(3);
    const options = {
      adapters: ["one", "two"],
      weights: [1, -2],
      combinationType: "dare_linear_svd",
      density: 0.5,
    } as const;
    const state = () => [engineInfo().memory.used, encoder.graph.streamsDrawn, encoder.adapters()];
    const before = state();
    // A clock on which every step takes long: a pause comes before each.
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 20));
    let turns = 0;
    const controller = new AbortController();
    const timers = setInterval(() => {
      turns++;
      if (turns === 3) controller.abort();
    }, 0);
    try {
      await expect(encoder.addWeightedAdapter("sum", { ...options, signal: controller.signal })).rejects.toThrow(
        AbortError,
      );
    } finally {
      clearInterval(timers);
    }
    expect(controller.signal.aborted).toBe(true);
    const steps = now / 20;
    expect(state()).toEqual(before);
    // To its end it takes many more steps.
    await encoder.addWeightedAdapter("sum", options);
    expect(now / 20 - steps).toBeGreaterThan(3 * steps);
  });

  it("of elements pruned at random keeps the share, scaled by it, and so the expected value", () => {
    const n = 100_000;
    const x = Float64Array.from({ length: n }, (_, i) => 1 + (i % 3));
    const sum = { method: "dare_linear", density: 0.3, majority: "total" } as const;
    const out = combineElements([x], [2], sum, () => new Philox(1, 2));
    expect(out.every((y, i) => y === 0 || Math.abs(y - (2 * x[i]!) / 0.3) < 1e-12)).toBe(true);
    const kept = out.filter((y) => y !== 0).length / n;
    // Four standard deviations of a binomial.
    expect(Math.abs(kept - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / n));
    const nan = combineElements(
      [Float64Array.of(NaN, 1), Float64Array.of(1, 1)],
      [1, 1],
      { ...sum, method: "ties" },
      () => new Philox(1, 2),
    );
    expect(nan[0]).toBeNaN();
  });

  it("refuses what makes no sense, and changes nothing", async () => {
    using encoder = await withAdapters();
    encoder.addAdapter("dora", { dora: true });
    encoder.addAdapter("whole", { modulesToSave: ["LayerNorm"] });
    using first = TextClassifier.create(encoder, { labels: ["a", "b"], adapter: "first" });
    using _ = CrossEncoder.create(encoder, { adapter: "second" });
    const used = encoder.graph.engine.info.memory.used;
    const refused = async (options: WeightedAdapterOptions, kind: new (...args: never[]) => Error, message: string) => {
      await expect(encoder.addWeightedAdapter("sum", options)).rejects.toThrow(kind);
      await expect(encoder.addWeightedAdapter("sum", options)).rejects.toThrow(message);
    };
    await refused({ adapters: ["one"], weights: [1, 2] }, ConfigError, "one weight for each adapter, got 2 for 1");
    await refused({ adapters: [], weights: [] }, ConfigError, "one weight for each adapter, got 0 for 0");
    await refused({ adapters: ["none"], weights: [1] }, ConfigError, 'there is no adapter "none"');
    await refused({ adapters: ["one"], weights: [NaN] }, ConfigError, "weights[0]");
    const pair = { adapters: ["one", "three"], weights: [1, 1] };
    await refused(
      { ...pair, combinationType: "linear" },
      AdapterError,
      'which have ranks 4, 2 in a layer: take "svd" or "cat"',
    );
    await refused({ ...pair, combinationType: "ties_svd" }, ConfigError, "density");
    await refused({ ...pair, combinationType: "cat", density: 0.5 }, ConfigError, "density says nothing");
    await refused({ ...pair, combinationType: "cat", svdRank: 2 }, ConfigError, "svdRank says nothing");
    await refused({ ...pair, combinationType: "mean" as "cat" }, ConfigError, "combinationType");
    await refused({ adapters: ["dora"], weights: [1] }, UnsupportedError, "DoRA");
    await refused({ adapters: ["whole"], weights: [1] }, UnsupportedError, '"whole" has trained biases or whole modules (modulesToSave)'); // prettier-ignore
    const heads =
      '"first" and "second" are adapters of classifiers, whose heads (modulesToSave in PEFT) cannot be summed';
    await refused({ adapters: ["one", "first", "second"], weights: [1, 1, 1] }, UnsupportedError, heads);
    await expect(encoder.addWeightedAdapter("one", pair)).rejects.toThrow("there is an adapter");
    expect(encoder.graph.engine.info.memory.used).toBe(used);
    expect(encoder.adapters().map(({ name }) => name)).toEqual([...NAMES, "dora", "whole", "first", "second"]);
    // One of them has no other's head beside it.
    await encoder.addWeightedAdapter("sum", { adapters: ["one", first.adapter!], weights: [1, 1] });
  });
});
