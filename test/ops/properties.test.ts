import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph, type NodeId, type Tensor } from "../../ts/index.js";
import { at, broadcastPairs, indices, tensors, tensorsOf } from "./arbitraries.js";

/** The value of an expression of constants. */
function evaluate(inputs: readonly Tensor[], apply: (graph: Graph, nodes: NodeId[]) => NodeId): Tensor {
  using graph = new Graph();
  return graph.value(
    apply(
      graph,
      inputs.map((input) => graph.constant(input)),
    ),
  );
}

const numbers = ({ data }: Tensor) => Array.from(data, (x) => x + 0); // −0 and 0 are the same here
const inner = (a: Tensor, b: Tensor) => a.data.reduce((sum, x, i) => sum + x * b.data[i]!, 0);

describe("broadcasting equals an index by index reference", () => {
  const references = {
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => a * b,
    div: (a: number, b: number) => Math.fround(a / b),
    maximum: Math.max,
    minimum: Math.min,
  };
  it.each(Object.entries(references))("%s", (name, reference) => {
    fc.assert(
      fc.property(broadcastPairs, ([a, b]) => {
        const result = evaluate([a, b], (graph, [x, y]) => graph[name as keyof typeof references](x!, y!));
        const expected = indices(result.shape).map((index) => reference(at(a, index), at(b, index)) + 0);
        expect(numbers(result)).toEqual(expected);
      }),
    );
  });
});

describe("shape ops", () => {
  it("permuting and permuting back changes nothing", () => {
    const cases = tensors().chain((x) => {
      const dims = [...x.shape.keys()];
      return fc.tuple(fc.constant(x), fc.shuffledSubarray(dims, { minLength: dims.length }));
    });
    fc.assert(
      fc.property(cases, ([x, dims]) => {
        const inverse = dims.map((_, d) => dims.indexOf(d));
        const there = evaluate([x], (graph, [node]) => graph.permute(node!, dims));
        const expected = indices(there.shape).map(
          (index) =>
            at(
              x,
              inverse.map((d) => index[d]!),
            ) + 0,
        );
        expect(numbers(there)).toEqual(expected);
        expect(evaluate([there], (graph, [node]) => graph.permute(node!, inverse))).toEqual(x);
      }),
    );
  });

  it("slices put together again are the whole", () => {
    const cases = tensors(1).chain((x) => {
      const dim = fc.nat(x.shape.length - 1);
      return dim.chain((d) => fc.tuple(fc.constant(x), fc.constant(d), fc.nat(x.shape[d]!)));
    });
    fc.assert(
      fc.property(cases, ([x, dim, cut]) => {
        const whole = evaluate([x], (graph, [node]) =>
          graph.concat([graph.slice(node!, { dim, end: cut }), graph.slice(node!, { dim, start: cut })], dim),
        );
        expect(whole).toEqual(x);
      }),
    );
  });

  it("a slice is Array.prototype.slice with a step", () => {
    const place = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(7), place, place, fc.integer({ min: 1, max: 4 }), (length, start, end, step) => {
        const x = { shape: [length], data: Float32Array.from({ length }, (_, i) => i) };
        const result = evaluate([x], (graph, [node]) => graph.slice(node!, { dim: 0, start, end, step }));
        expect([...result.data]).toEqual([...x.data].slice(start, end).filter((_, i) => i % step === 0));
      }),
    );
  });

  it("a padded tensor, sliced, is the tensor", () => {
    fc.assert(
      fc.property(tensors(1), fc.nat(3), fc.nat(3), (x, before, after) => {
        const back = evaluate([x], (graph, [node]) => {
          const padded = graph.pad(node!, { dim: -1, before, after, value: 3 });
          return graph.slice(padded, { dim: -1, start: before, end: before + x.shape.at(-1)! });
        });
        expect(back).toEqual(x);
      }),
    );
  });
});

describe("reductions", () => {
  const reductions = tensors().chain((x) => {
    return fc.tuple(fc.constant(x), fc.subarray([...x.shape.keys()]), fc.boolean());
  });

  it("sum what an index by index reference sums", () => {
    fc.assert(
      fc.property(reductions, ([x, dim, keepDim]) => {
        const result = evaluate([x], (graph, [node]) => graph.sum(node!, { dim, keepDim }));
        const kept = x.shape.map((length, d) => (dim.includes(d) ? 1 : length));
        const sums = new Map(indices(kept).map((index) => [String(index), 0]));
        for (const index of indices(x.shape)) {
          const key = String(index.map((i, d) => (dim.includes(d) ? 0 : i)));
          sums.set(key, sums.get(key)! + at(x, index));
        }
        expect(result.shape).toEqual(keepDim ? kept : x.shape.filter((_, d) => !dim.includes(d)));
        expect(numbers(result)).toEqual([...sums.values()].map((sum) => sum + 0));
      }),
    );
  });

  it("sum linearly", () => {
    const pairs = tensors().chain((x) => fc.tuple(fc.constant(x), tensorsOf(x.shape)));
    fc.assert(
      fc.property(pairs, fc.integer({ min: -4, max: 4 }), ([x, y], alpha) => {
        const factor = { shape: [], data: Float32Array.of(alpha) };
        const together = evaluate([x, y, factor], (graph, [a, b, c]) => graph.sum(graph.add(graph.mul(a!, c!), b!)));
        const apart = evaluate([x, y, factor], (graph, [a, b, c]) =>
          graph.add(graph.mul(graph.sum(a!), c!), graph.sum(b!)),
        );
        expect(numbers(together)).toEqual(numbers(apart));
      }),
    );
  });

  it("are the adjoint of repetition: ⟨expand x, y⟩ = ⟨x, Σ y⟩", () => {
    fc.assert(
      fc.property(broadcastPairs, ([x, other]) => {
        const y = evaluate([x, other], (graph, [a, b]) => graph.add(a!, b!));
        using graph = new Graph();
        const variable = graph.variable(x);
        const expanded = graph.expand(variable, y.shape);
        graph.backward(expanded, y);
        expect(inner(graph.value(expanded), y)).toBe(inner(x, graph.grad(variable)!));
      }),
    );
  });

  it("find the largest and the smallest, whatever the dimensions", () => {
    const positive = reductions.filter(([x]) => !x.shape.includes(0));
    fc.assert(
      fc.property(positive, ([x, dim, keepDim]) => {
        const largest = evaluate([x], (graph, [node]) => graph.amax(node!, { dim, keepDim }));
        const smallest = evaluate([x], (graph, [node]) => graph.neg(graph.amin(graph.neg(node!), { dim, keepDim })));
        expect(numbers(largest)).toEqual(numbers(smallest));
        if (dim.length === x.shape.length) expect(largest.data[0]).toBe(Math.max(...x.data));
      }),
    );
  });
});

describe("attributes are copied when a call takes them", () => {
  /** Calls whose lists the caller still holds; each gives the node, its input, and what changes the lists. */
  const calls: Record<string, (graph: Graph) => { node: NodeId; input: NodeId; change: () => void }> = {
    indexSelect: (graph) => {
      const [input, attributes] = [leaf(graph, 4, 3), { dim: 0, indices: [3, 0, 3] }];
      const node = graph.indexSelect(input, attributes);
      return { node, input, change: () => (attributes.dim = attributes.indices.fill(1).length = 1) };
    },
    gather: (graph) => {
      const [input, attributes] = [leaf(graph, 2, 3), { dim: 1, indices: Int32Array.of(2, 0), shape: [2, 1] }];
      const node = graph.gather(input, attributes);
      return { node, input, change: () => (attributes.dim = attributes.shape[1] = attributes.indices.fill(9)[0]!) };
    },
    embedding: (graph) => {
      const [input, indices, attributes] = [leaf(graph, 4, 3), [3, 0, 3], { shape: [3, 1], paddingIndex: 2 }];
      const node = graph.embedding(input, indices, attributes);
      return { node, input, change: () => (attributes.paddingIndex = indices.fill(1).length = 1) };
    },
    crossEntropy: (graph) => {
      const [input, targets, weight] = [leaf(graph, 3, 4), [3, 0, 1], [1, 2, 3, 4]];
      const attributes = { weight, labelSmoothing: 0.1, reduction: "sum" as "sum" | "none" };
      const node = graph.crossEntropy(input, targets, attributes);
      const change = () => {
        targets.fill(2).length = 1;
        weight.fill(0);
        Object.assign(attributes, { labelSmoothing: 1, reduction: "none" });
      };
      return { node, input, change };
    },
    meanPool: (graph) => {
      const [input, offsets] = [leaf(graph, 4, 3), [0, 1, 4]];
      const node = graph.meanPool(input, offsets);
      return { node, input, change: () => (offsets.fill(4).length = 1) };
    },
    raggedAttention: (graph) => {
      const [input, attributes] = [leaf(graph, 4, 12), { offsets: [0, 1, 4], heads: 2, causal: true, scale: 0.5 }];
      const node = graph.raggedAttention(input, attributes);
      const change = () => {
        attributes.offsets.fill(4).length = 1;
        Object.assign(attributes, { heads: 1, causal: false, scale: 9 });
      };
      return { node, input, change };
    },
    scaledDotProductAttention: (graph) => {
      const [input, attributes] = [leaf(graph, 1, 2, 3, 4), { mask: [1, 0, 1], causal: false, scale: 0.5 }];
      const node = graph.scaledDotProductAttention(input, input, input, attributes);
      return { node, input, change: () => (attributes.scale = attributes.mask.fill(1).length = 1) };
    },
    permute: (graph) => {
      const [input, dims] = [leaf(graph, 2, 3, 4), [2, 0, 1]];
      return { node: graph.permute(input, dims), input, change: () => dims.reverse() };
    },
    expand: (graph) => {
      const [input, shape] = [leaf(graph, 2, 1), [3, 2, 4]];
      return { node: graph.expand(input, shape), input, change: () => shape.reverse() };
    },
    reshape: (graph) => {
      const [input, shape] = [leaf(graph, 2, 6), [3, 4]];
      return { node: graph.reshape(input, shape), input, change: () => shape.reverse() };
    },
    amax: (graph) => {
      const [input, attributes] = [leaf(graph, 2, 3, 4), { dim: [0, 2], keepDim: true }];
      return { node: graph.amax(input, attributes), input, change: () => (attributes.dim[0] = 1) };
    },
    layerNorm: (graph) => {
      const [input, attributes] = [leaf(graph, 2, 3, 4), { normalizedShape: [3, 4], eps: 0.5 }];
      const node = graph.layerNorm(input, null, null, attributes);
      return {
        node,
        input,
        change: () => (attributes.eps = attributes.normalizedShape[0] = attributes.normalizedShape.length = 1),
      };
    },
    slice: (graph) => {
      const [input, attributes] = [leaf(graph, 5, 2), { dim: 0, start: 1, end: 5, step: 2 }];
      return {
        node: graph.slice(input, attributes),
        input,
        change: () => Object.assign(attributes, { start: 0, step: 1 }),
      };
    },
    pad: (graph) => {
      const [input, attributes] = [leaf(graph, 2, 2), { dim: 0, before: 1, after: 3 }];
      return {
        node: graph.pad(input, attributes),
        input,
        change: () => Object.assign(attributes, { dim: 1, before: 3 }),
      };
    },
    clamp: (graph) => {
      const [input, limits] = [leaf(graph, 4, 4), { min: -2, max: 3 }];
      return { node: graph.clamp(input, limits), input, change: () => (limits.max = limits.min = 0) };
    },
    gelu: (graph) => {
      const [input, attributes] = [leaf(graph, 4, 4), { approximate: "tanh" as "none" | "tanh" }];
      return { node: graph.gelu(input, attributes), input, change: () => (attributes.approximate = "none") };
    },
    matmul: (graph) => {
      const [input, attributes] = [leaf(graph, 3, 3), { transposeA: true, transposeB: false }];
      const node = graph.matmul(input, graph.constant(counting(3, 3)), attributes);
      return { node, input, change: () => (attributes.transposeA = false) };
    },
    concat: (graph) => {
      const [input, parts] = [leaf(graph, 2, 3), [] as NodeId[]];
      parts.push(input, graph.constant(counting(1, 3)));
      return { node: graph.concat(parts, 0), input, change: () => parts.reverse() };
    },
    loraLinear: (graph) => {
      const input = leaf(graph, 2, 3);
      const inputs = [
        input,
        graph.constant(counting(3, 4)),
        graph.constant(counting(3, 1)),
        graph.variable(counting(1, 2)),
      ];
      const rows = { start: 0, end: 1 };
      const adapters = [{ start: 1, width: 2, scaling: 0.5, rows }];
      const attributes = { bias: false, adapterInput: false, adapters };
      const change = () => {
        Object.assign(adapters[0]!, { start: 2, scaling: 9 });
        Object.assign(rows, { start: 1, end: 2 });
        adapters.push(adapters[0]!);
        inputs.reverse();
        attributes.bias = true;
      };
      return { node: graph.loraLinear(inputs, attributes), input, change };
    },
  };

  it.each(Object.entries(calls))("%s", (_, call) => {
    const gradient = (changed: boolean) => {
      using graph = new Graph();
      const { node, input, change } = call(graph);
      if (changed) change();
      graph.backward(node, counting(...graph.shape(node)));
      return graph.grad(input);
    };
    expect(gradient(true)).toEqual(gradient(false));
  });
});

/** Numbers from −8 to 8 in a fixed order. */
function counting(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => ((i * 5) % 17) - 8) };
}

function leaf(graph: Graph, ...shape: number[]): NodeId {
  return graph.variable(counting(...shape));
}
