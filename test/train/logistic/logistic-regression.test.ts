import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AbortError,
  ConfigError,
  engineInfo,
  fitLogisticRegression,
  Graph,
  type LogisticRegression,
  NonFiniteError,
  ShapeError,
} from "../../../ts/index.js";
import { Cholesky } from "../../../ts/train/logistic/cholesky.js";
import { covariance, measure } from "../../../ts/train/logistic/regression.js";
import { minimise } from "../../../ts/train/logistic/lbfgs.js";
import { partings } from "../../../ts/train/logistic/parts.js";
import { goldenJson } from "../../golden.js";

interface GoldenSet {
  readonly name: string;
  readonly hidden: number;
  readonly classes: number;
  readonly vectors: string;
  readonly targets: number[];
  readonly fits: readonly {
    readonly regularisation: number;
    readonly classWeights: "none" | "balanced";
    readonly coefficients: number[][];
    readonly probabilities: string;
  }[];
}

const floats = (text: string) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

function vectorsOf({ vectors, targets, hidden }: Pick<GoldenSet, "vectors" | "targets" | "hidden">): Float32Array[] {
  const data = floats(vectors);
  return targets.map((_, i) => data.slice(i * hidden, (i + 1) * hidden));
}

/** Probabilities of a vector's classes, in float64. */
function probabilities({ weight, bias }: LogisticRegression, vector: Float32Array): number[] {
  const classes = bias.data.length;
  const logits = Array.from(bias.data, (b, c) =>
    vector.reduce((sum, x, i) => sum + x * weight.data[i * classes + c]!, b),
  );
  const highest = Math.max(...logits);
  const sum = logits.reduce((total, z) => total + Math.exp(z - highest), 0);
  return logits.map((z) => Math.exp(z - highest) / sum);
}

const bestOf = (head: LogisticRegression, vector: Float32Array) => {
  const all = probabilities(head, vector);
  return all.indexOf(Math.max(...all));
};

let graph: Graph;
beforeAll(() => {
  graph = new Graph();
});
afterAll(() => graph.dispose());

/** Points of some classes, from a fixed sequence; the first feature tells them apart by `apart`. */
function points(
  count: number,
  classes: number,
  apart: number,
  hidden = 4,
): { vectors: Float32Array[]; targets: number[] } {
  let state = 7;
  const next = () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  const targets = Array.from({ length: count }, (_, i) => i % classes);
  const vectors = targets.map((target) =>
    Float32Array.from({ length: hidden }, (_, i) => next() + (i === target % hidden ? apart : 0)),
  );
  return { vectors, targets };
}

describe("weights by class", () => {
  const [bad, good] = [Float32Array.of(0, 1), Float32Array.of(1, 0)];
  const vectors = [bad, bad, bad, good, Float32Array.of(0.5, 0.5), Float32Array.of(0.2, 0.9)];
  const targets = [0, 0, 0, 1, 1, 0];

  it("are those that were named balanced", async () => {
    const named = await fitLogisticRegression(graph, vectors, targets, 2, { classWeights: "balanced" });
    const given = await fitLogisticRegression(graph, vectors, targets, 2, { classWeights: [6 / 8, 6 / 4] });
    expect(given).toEqual(named);
  });

  it.each([[[1]], [[1, 2, 3]], [[1, 0]], [[1, NaN]], ["even"]])("may not be %o", async (classWeights) => {
    const fitting = fitLogisticRegression(graph, vectors, targets, 2, { classWeights } as never);
    await expect(fitting).rejects.toThrow(ConfigError);
    await expect(fitting).rejects.toThrow(/^fitLogisticRegression: classWeights/);
  });
});

describe("logistic regression is scikit-learn's", async () => {
  const sets = await goldenJson<GoldenSet[]>("logistic.json");
  const cases = sets.flatMap((set) =>
    set.fits.map((fit) => ({ set, fit, title: `${set.name}, C ${fit.regularisation}, ${fit.classWeights}` })),
  );
  it.each(cases)("$title", async ({ set, fit }) => {
    const vectors = vectorsOf(set);
    const { classes, hidden, targets } = set;
    const { regularisation, classWeights } = fit;
    const head = await fitLogisticRegression(graph, vectors, targets, classes, { regularisation, classWeights });
    expect(head.regularisation).toBe(regularisation);
    expect(head.weight.shape).toEqual([hidden, classes]);
    expect(head.bias.shape).toEqual([classes]);
    const weight = (i: number, c: number) => head.weight.data[i * classes + c]!;
    const own = fit.coefficients.map((row, c) =>
      row.map((_, i) => (classes === 2 ? weight(i, 1) - weight(i, 0) : weight(i, c))),
    );
    const largest = Math.max(...fit.coefficients.flat().map(Math.abs));
    // Products are float32: what the penalty alone holds down is known to some 1e-4 where C is large.
    own.forEach((row, c) =>
      row.forEach((x, i) => expect(Math.abs(x - fit.coefficients[c]![i]!)).toBeLessThan(3e-4 * largest)),
    );
    const expected = floats(fit.probabilities);
    vectors.forEach((vector, i) =>
      probabilities(head, vector).forEach((p, c) =>
        expect(Math.abs(p - expected[i * classes + c]!)).toBeLessThan(2e-5),
      ),
    );
  });
});

describe("the strength of regularisation", () => {
  it("is weaker where classes lie apart, and strong where vectors say nothing", async () => {
    const apart = points(120, 3, 2);
    const nothing = points(120, 3, 0);
    const told = await fitLogisticRegression(graph, apart.vectors, apart.targets, 3);
    const guessed = await fitLogisticRegression(graph, nothing.vectors, nothing.targets, 3);
    expect(told.regularisation).toBeGreaterThan(10 * guessed.regularisation);
    expect(apart.vectors.map((vector) => bestOf(told, vector))).toEqual(apart.targets);
    // Near a third each.
    for (const p of probabilities(guessed, nothing.vectors[0]!)) expect(Math.abs(p - 1 / 3)).toBeLessThan(0.1);
  });

  it("does not depend on the unit of the vectors, nor on where they lie", async () => {
    const { vectors, targets } = points(150, 3, 0.6);
    const moved = vectors.map((vector) => vector.map((x) => 64 * x + 16));
    const [one, other] = [
      await fitLogisticRegression(graph, vectors, targets, 3),
      await fitLogisticRegression(graph, moved, targets, 3),
    ];
    expect(other.regularisation * 64 ** 2).toBeCloseTo(one.regularisation, 3);
    vectors.forEach((vector, i) => {
      const expected = probabilities(one, vector);
      probabilities(other, moved[i]!).forEach((p, c) => expect(p).toBeCloseTo(expected[c]!, 3));
    });
  });

  it("is chosen with examples of every class, also of more than 4,000 and of classes with one", async () => {
    const { vectors, targets } = points(4500, 3, 0.5);
    targets[4400] = 3;
    vectors[4400] = Float32Array.of(0, 0, 0, 9);
    const head = await fitLogisticRegression(graph, vectors, targets, 4);
    expect(Number.isFinite(head.regularisation)).toBe(true);
    expect(bestOf(head, vectors[4400])).toBe(3);
  });
});

describe("groups", () => {
  it("are held out whole, each class in about its share, and one with every class never", () => {
    const targets = Array.from({ length: 300 }, (_, i) => i % 3);
    const groups = targets.map((_, i) => `g${(i * i) % 61}`);
    const graph = new Graph();
    const { engine } = graph;
    const rounds = partings(targets, groups, 0, engine);
    expect(rounds).toHaveLength(5);
    const heldOnce = rounds.flatMap(({ held }) => held);
    expect(new Set(heldOnce).size).toBe(heldOnce.length);
    for (const { fitted, held } of rounds) {
      const own = new Set(held.map((i) => groups[i]));
      expect(fitted.some((i) => own.has(groups[i]))).toBe(false);
      expect(new Set(fitted.map((i) => targets[i])).size).toBe(3);
      expect(held.length).toBeGreaterThan(30);
      expect(fitted.length + held.length).toBe(300);
    }
    // One group has everything: nothing can be held out.
    expect(
      partings(
        targets,
        targets.map(() => 1),
        0,
        engine,
      ),
    ).toEqual([]);
    graph.dispose();
  });

  it("make the strength that of other groups, where vectors tell the group", async () => {
    const graph = new Graph();
    // Each group has a label by chance and a direction of its own: to know groups helps with nothing else.
    const groups = Array.from({ length: 120 }, (_, i) => Math.floor(i / 6));
    const targets = groups.map((group) => (group * 7 + (group >> 2)) % 2);
    const vectors = groups.map((group, i) =>
      Float32Array.from({ length: 20 }, (_, k) => (k === group ? 1 : 0) + 0.01 * Math.sin(i * 20 + k)),
    );
    const alone = await fitLogisticRegression(graph, vectors, targets, 2);
    const together = await fitLogisticRegression(graph, vectors, targets, 2, { groups });
    expect(together.regularisation).toBeLessThan(alone.regularisation / 10);
    const refused = (given: unknown) =>
      fitLogisticRegression(graph, vectors, targets, 2, { groups: given as number[] });
    await expect(refused([1, 2])).rejects.toThrow(/groups is a list of 120, one a vector/);
    await expect(refused(groups.map(() => null))).rejects.toThrow(/groups\[0\] is a name or a number/);
    graph.dispose();
  });
});

describe("small and odd data", () => {
  it("may be two examples, or one a class", async () => {
    const [a, b, c] = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(-1, -1)];
    const two = await fitLogisticRegression(graph, [a, b], [1, 0], 2);
    expect([bestOf(two, a), bestOf(two, b)]).toEqual([1, 0]);
    const three = await fitLogisticRegression(graph, [a, b, c], [2, 0, 1], 3);
    expect([a, b, c].map((vector) => bestOf(three, vector))).toEqual([2, 0, 1]);
  });

  it("may have classes without examples, which are then improbable", async () => {
    const { vectors, targets } = points(40, 2, 2);
    const head = await fitLogisticRegression(
      graph,
      vectors,
      targets.map((target) => 2 * target),
      4,
    );
    for (const vector of vectors) {
      const all = probabilities(head, vector);
      expect(all[1]! + all[3]!).toBeLessThan(0.1);
      expect(all[1]).toBeGreaterThan(0);
    }
    const lone = await fitLogisticRegression(
      graph,
      vectors,
      targets.map(() => 1),
      3,
    );
    expect(bestOf(lone, vectors[0]!)).toBe(1);
    expect(Array.from(lone.weight.data).every((x) => x === 0)).toBe(true);
  });

  it("may be alike to the last, with the classes' shares as the answer", async () => {
    const vector = Float32Array.of(3, -2, 0.5);
    const head = await fitLogisticRegression(
      graph,
      new Array<Float32Array>(8).fill(vector),
      [0, 0, 0, 0, 0, 0, 1, 1],
      2,
    );
    const [first, second] = probabilities(head, vector);
    expect(first).toBeCloseTo(0.75, 5);
    expect(second).toBeCloseTo(0.25, 5);
  });

  it("may be alike in numbers whose mean is rounded: no weight is fitted to rounding", async () => {
    const vectors = new Array<Float32Array>(10).fill(Float32Array.of(0.1, 0.7, -3.3));
    const head = await fitLogisticRegression(graph, vectors, [0, 1, 0, 1, 0, 1, 0, 1, 0, 0], 2);
    expect(head.weight.data.every((x) => Math.abs(x) < 1e-3)).toBe(true);
    expect(head.regularisation).toBeLessThan(1e3);
    expect(probabilities(head, vectors[0]!)[0]).toBeCloseTo(0.6, 5);
  });

  it.each([1e-30, 1e-12, 1e12, 1e30])("may be of the order of %f", async (unit) => {
    const { vectors, targets } = points(60, 2, 2);
    const scaled = vectors.map((vector) => vector.map((x) => x * unit));
    const head = await fitLogisticRegression(graph, scaled, targets, 2);
    expect(head.weight.data.every(Number.isFinite)).toBe(true);
    if (unit > 1e-30) expect(scaled.map((vector) => bestOf(head, vector))).toEqual(targets);
  });
});

describe("a fit", () => {
  it("gives the same bits again, whatever is done to its arguments and to the graph meanwhile", async () => {
    const { vectors, targets } = points(300, 3, 0.5);
    const alone = await fitLogisticRegression(graph, vectors, targets, 3, { seed: 4 });
    const given = { vectors: vectors.map((vector) => vector.slice()), targets: [...targets] };
    const running = fitLogisticRegression(graph, given.vectors, given.targets, 3, { seed: 4 });
    for (const vector of given.vectors) vector.fill(NaN);
    given.targets.length = 0;
    const other = fitLogisticRegression(graph, vectors.slice(0, 100), targets.slice(0, 100), 3);
    expect(await running).toEqual(alone);
    await other;
  });

  it("tells how far it is, takes no memory that stays, and hears its signal", async () => {
    const { vectors, targets } = points(2000, 3, 0.5, 32);
    // The graph keeps its chunks for later steps.
    await fitLogisticRegression(graph, vectors, targets, 3);
    const before = engineInfo().memory.used;
    const events: { done: number; total: number; loss: number }[] = [];
    const onProgress = (event: (typeof events)[number]) => void events.push(event);
    await fitLogisticRegression(graph, vectors, targets, 3, { onProgress });
    expect(engineInfo().memory.used).toBe(before);
    const done = events.map((event) => event.done);
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(events[0]!.total);
    expect(events.every(({ loss }) => loss > 0 && loss < 1.2)).toBe(true);

    const abort = new AbortController();
    const stopped = fitLogisticRegression(graph, vectors, targets, 3, {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(stopped).rejects.toThrow(AbortError);
    await expect(fitLogisticRegression(graph, vectors, targets, 3, { signal: abort.signal })).rejects.toThrow(
      AbortError,
    );
    expect(engineInfo().memory.used).toBe(before);
  });

  it("refuses what makes no sense, by name", async () => {
    const [a, b] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    const refused = (...args: unknown[]) =>
      (fitLogisticRegression as (...all: unknown[]) => Promise<unknown>)(graph, ...args);
    await expect(refused([a, Float32Array.of(1, NaN)], [0, 1], 2)).rejects.toThrow(NonFiniteError);
    await expect(refused([a, Float32Array.of(1)], [0, 1], 2)).rejects.toThrow(ShapeError);
    await expect(refused([], [], 2)).rejects.toThrow(ConfigError);
    await expect(refused([a, b], [0], 2)).rejects.toThrow(/targets/);
    await expect(refused([a, b], [0, 2], 2)).rejects.toThrow(/target 1/);
    await expect(refused([a, b], [0, 1], 1)).rejects.toThrow(/classes/);
    await expect(refused([a, b], [0, 1], 2, { C: 1 })).rejects.toThrow(/no option "C"/);
    await expect(refused([a, b], [0, 1], 2, { regularisation: 0 })).rejects.toThrow(/regularisation/);
  });
});

describe("long work lets others in", () => {
  /** A breather that counts, and one that ends the work. */
  const counted = () => {
    const asked = { count: 0 };
    return { asked, breathe: () => void asked.count++ };
  };

  it("for each row of a factor, and of the products with it", async () => {
    const size = 30;
    const identity = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 4 : 0));
    const { asked, breathe } = counted();
    const factor = await Cholesky.of(identity, size, breathe);
    expect(asked.count).toBe(size);
    const rows = new Float64Array(size * 2).fill(1);
    await factor.multiplyTransposed(rows, 2);
    expect([...rows]).toEqual(new Array(size * 2).fill(2));
    await factor.solve(rows, 2);
    await factor.solveTransposed(rows, 2);
    expect([...rows]).toEqual(new Array(size * 2).fill(0.5));
    expect(asked.count).toBe(4 * size);
  });

  it("for few rows at once where classes are many", async () => {
    const [hidden, classes, count] = [2, 2 ** 18, 12];
    const values = new Float64Array((hidden + 1) * classes);
    const examples = {
      rows: new Float32Array(count * hidden),
      targets: new Array<number>(count).fill(0),
      weights: new Float64Array(count).fill(1),
      total: count,
    };
    const { asked, breathe } = counted();
    const { loss } = await measure(graph, examples, { hidden, classes, values }, breathe, false);
    expect(loss).toBeCloseTo(Math.log(classes), 9);
    expect(asked.count).toBe(3);
  });

  it("for few rows at once where vectors are wide", async () => {
    const [hidden, count] = [2 ** 11, 130];
    const rows = Float32Array.from({ length: count * hidden }, (_, i) =>
      i % hidden === Math.floor(i / hidden) ? 1 : 0,
    );
    const weights = new Float64Array(count).fill(1);
    const { asked, breathe } = counted();
    const examples = { rows, targets: new Array<number>(count).fill(0), weights, total: count };
    const sums = await covariance(graph, examples, hidden, breathe);
    expect(asked.count).toBe(3);
    expect(sums[129 * (hidden + 1)]).toBeCloseTo(1 / count, 6);
  });

  it("between passes over the variables", async () => {
    const { asked, breathe } = counted();
    const objective = async (point: Float64Array) => ({
      point,
      value: point.reduce((sum, x, i) => sum + (i + 1) * x * x, 0),
      gradient: point.map((x, i) => 2 * (i + 1) * x),
    });
    const found = await minimise(objective, new Float64Array(6).fill(1), { tolerance: 1e-12, limit: 50, breathe });
    expect(found.value).toBeLessThan(1e-9);
    // Of each iteration after the first: twice an update that is remembered.
    expect(asked.count).toBeGreaterThanOrEqual(2 * (found.iterations - 1));
  });
});
