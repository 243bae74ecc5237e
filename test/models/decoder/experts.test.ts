import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timesTable } from "../../../ts/graph/decoder-ops.js";
import { frozenMatrix } from "../../../ts/graph/frozen/stored-weight.js";
import { Graph, type NodeId, readSafetensors, type Tensor } from "../../../ts/index.js";
import type { ExpertsShape } from "../../../ts/models/decoder/config.js";
import { mixtureOf, routesOf } from "../../../ts/models/decoder/experts.js";
import { goldenBytes } from "../../golden.js";
import { largestError } from "../../ops/compare.js";
import { type Case, checkGradients } from "../../ops/gradients/check.js";
import { uniform } from "../../ops/gradients/numbers.js";

/** Matrices `[count, out, in]` of all experts, and the router `[count, in]`. */
interface Given {
  readonly router: Tensor;
  readonly gateUp: Tensor;
  readonly down: Tensor;
  readonly bias?: Float32Array;
}

const plain: ExpertsShape = {
  count: 5,
  chosen: 2,
  width: 8,
  sharedWidth: 0,
  weights: "softmax",
  normed: true,
  factor: 1,
  bias: false,
};

/** The layer of some tensors on x. */
function mixture(graph: Graph, x: NodeId, { router, gateUp, down, bias }: Given, shape: ExpertsShape) {
  const frozen = ({ shape: [out, inFeatures] }: Tensor, data: Float32Array) => {
    const bytes = new Uint8Array(Float32Array.from(data).buffer);
    return frozenMatrix(graph, { shape: [inFeatures!, out!], format: "f32", transposed: true, bytes });
  };
  const each = ({ shape: [count, out, inFeatures], data }: Tensor) =>
    Array.from({ length: count! }, (_, e) => {
      const size = out! * inFeatures!;
      const own = data.slice(e * size, (e + 1) * size) as Float32Array;
      return frozen({ shape: [out!, inFeatures!], data: own }, own);
    });
  const weights = {
    router: graph.constant(router),
    expertInputs: each(gateUp),
    expertOutputs: each(down),
    routerBias: bias === undefined ? null : graph.constant({ shape: [bias.length], data: bias }),
  };
  return mixtureOf(graph, x, weights, shape, "silu");
}

describe("values of PyTorch in float64", async () => {
  const file = readSafetensors(await goldenBytes("experts/moe_top2.safetensors"));

  it.each([
    ["granite", {}],
    ["qwen", {}],
  ])("%s", (name, changes) => {
    const golden = (part: string) => file.tensor(`${name}/${part}`);
    using graph = new Graph();
    const x = graph.variable(golden("x"));
    const given = { router: golden("router"), gateUp: golden("gate_up"), down: golden("down") };
    const y = mixture(graph, x, given, { ...plain, ...changes });
    graph.backward(graph.sum(graph.mul(y, graph.constant(golden("up_y")))));
    expect(largestError(graph.value(y).data, golden("y").data)).toBeLessThan(2e-6);
    expect(largestError(graph.grad(x)!.data, golden("d_x").data)).toBeLessThan(2e-6);
    const chosen = golden("experts").data;
    const logits = graph.value(timesTable(graph, x, graph.constant(given.router)));
    const { places } = routesOf(logits.data, plain.count, plain.chosen, null);
    const found = [...places].map((place) => place % plain.count);
    const sorted = Array.from({ length: chosen.length / 2 }, (_, t) => [chosen[2 * t]!, chosen[2 * t + 1]!].sort());
    expect(found).toEqual(sorted.flat());
  });
});

const given = (seed: number, { count, width }: ExpertsShape, hidden: number): Given => ({
  router: uniform([count, hidden], -1, 1, seed),
  gateUp: uniform([count, 2 * width, hidden], -1, 1, seed + 1),
  down: uniform([count, hidden, width], -1, 1, seed + 2),
});

/** All ways to weigh experts. */
const ways: Record<string, Partial<ExpertsShape>> = {
  "softmax of the chosen": {},
  "softmax of all": { normed: false },
  "sigmoids over their sum": { weights: "sigmoid" },
  "sigmoids times a factor": { weights: "sigmoid", normed: false, factor: 1.5 },
};

describe("gradients by central differences", () => {
  it.each(Object.entries(ways))("%s", (_, changes) => {
    const shape = { ...plain, count: 4, width: 3, ...changes };
    const weights = given(11, shape, 5);
    // Far apart, so that no difference changes the choice.
    const bias = Float32Array.of(0, 20, -20, 30);
    const check: Case = {
      inputs: [uniform([4, 5], -1, 1, 3)],
      apply: (graph, [x]) => mixture(graph, x!, { ...weights, bias }, shape),
    };
    checkGradients(check);
  });
});

describe("a token's result", () => {
  it("has the bits that it has alone, whatever the batch", () => {
    const cases = fc.record({
      tokens: fc.integer({ min: 1, max: 40 }),
      count: fc.integer({ min: 1, max: 9 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
      way: fc.constantFrom(...Object.values(ways)),
    });
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat(), ({ tokens, count, seed, way }, chosen, place) => {
        const shape = { ...plain, width: 12, ...way, count, chosen: 1 + (chosen % count) };
        const weights = given(seed, shape, 16);
        const x = uniform([tokens, 16], -2, 2, seed + 7);
        const t = place % tokens;
        using graph = new Graph();
        const of = (rows: Tensor) =>
          graph.value(graph.noGrad(() => mixture(graph, graph.constant(rows), weights, shape))).data;
        const one = { shape: [1, 16], data: x.data.slice(16 * t, 16 * t + 16) };
        expect(of(one)).toEqual(of(x).slice(16 * t, 16 * t + 16));
      }),
      { numRuns: 60 },
    );
  });

  it("is NaN where the token is, and nowhere else", () => {
    const weights = given(5, plain, 12);
    const x = uniform([6, 12], -1, 1, 4);
    using graph = new Graph();
    const clean = graph.value(mixture(graph, graph.constant(x), weights, plain)).data;
    const data = Float32Array.from(x.data);
    data[2 * 12] = NaN;
    const found = graph.value(mixture(graph, graph.constant({ ...x, data }), weights, plain)).data;
    found.forEach((y, i) => (Math.floor(i / 12) === 2 ? expect(y).toBeNaN() : expect(y).toBe(clean[i])));
  });
});

describe("routes", () => {
  const scored = fc
    .record({ rows: fc.nat(12), count: fc.integer({ min: 1, max: 8 }), chosen: fc.integer({ min: 1, max: 8 }) })
    .filter(({ count, chosen }) => chosen <= count)
    .chain(({ rows, count, chosen }) =>
      fc.record({
        count: fc.constant(count),
        chosen: fc.constant(chosen),
        // Few values, so that some are equal.
        scores: fc.array(fc.constantFrom(-1, 0, 0.5, 2, NaN, Infinity), {
          minLength: rows * count,
          maxLength: rows * count,
        }),
      }),
    );

  it("are the highest scores, the first of equal ones, each pair once in both orders", () => {
    fc.assert(
      fc.property(scored, ({ scores, count, chosen }) => {
        const routes = routesOf(Float32Array.from(scores), count, chosen, null);
        const rows = scores.length / count;
        const value = (score: number) => (Number.isNaN(score) ? -Infinity : score);
        const expected = Array.from({ length: rows }, (_, t) =>
          Array.from({ length: count }, (_, e) => e)
            .sort((a, b) => value(scores[t * count + b]!) - value(scores[t * count + a]!) || a - b)
            .slice(0, chosen)
            .sort((a, b) => a - b)
            .map((e) => t * count + e),
        ).flat();
        expect([...routes.places]).toEqual(expected);
        // Only experts with tokens are multiplied by.
        const used = [...new Set(expected.map((place) => place % count))].sort((a, b) => a - b);
        expect(routes.experts).toEqual(used);
        const byExpert = used.flatMap((e) => expected.flatMap((place, pair) => (place % count === e ? [pair] : [])));
        expect([...routes.pairs]).toEqual(byExpert);
        expect([...routes.tokens]).toEqual(byExpert.map((pair) => Math.floor(expected[pair]! / count)));
        const ends = used.map((e) => expected.filter((place) => place % count <= e).length);
        expect([...routes.offsets]).toEqual([0, ...ends]);
      }),
    );
  });

  it("follow a bias, which is for the choice alone", () => {
    const routes = routesOf(Float32Array.of(0.9, 0.5, 0.1), 3, 1, Float32Array.of(0, 0, 1));
    expect([...routes.places]).toEqual([2]);
  });
});
