import { describe, expect, it } from "vitest";
import { deltaRule, softplusOf } from "../../../ts/graph/decoder-ops.js";
import { Graph, type NodeId, readSafetensors, type Tensor } from "../../../ts/index.js";
import { goldenBytes } from "../../golden.js";
import { largestError } from "../compare.js";
import { type Case, checkGradients } from "../gradients/check.js";
import { uniform } from "../gradients/numbers.js";

/** Heads and widths of q and k, and of v. */
type Sizes = readonly [keyHeads: number, keyDim: number, valueHeads: number, valueDim: number];
type Five<T> = [q: T, k: T, v: T, g: T, beta: T];

/** q, k, v, g below 0 and beta from 0 to 1, as models have them. */
function inputsOf(tokens: number, [keyHeads, keyDim, valueHeads, valueDim]: Sizes): Five<Tensor> {
  const [keys, heads] = [
    [tokens, keyHeads * keyDim],
    [tokens, valueHeads],
  ] as const;
  return [
    uniform(keys, -0.5, 0.5, 1),
    uniform(keys, -0.5, 0.5, 2),
    uniform([tokens, valueHeads * valueDim], -1, 1, 3),
    uniform(heads, -1, 0, 4),
    uniform(heads, 0, 1, 5),
  ];
}

const rule = (offsets: number[], sizes: Sizes): Case => ({
  inputs: inputsOf(offsets.at(-1)!, sizes),
  apply: (graph, inputs) =>
    deltaRule(graph, inputs as Five<NodeId>, { offsets: Int32Array.from(offsets), keyHeads: sizes[0] }),
});

const cases: Record<string, Case> = {
  "one sequence": rule([0, 7], [1, 3, 1, 5]),
  "several, one empty, value heads that share keys": rule([0, 2, 2, 3, 5], [2, 2, 4, 3]),
  "more columns than a task has": rule([0, 3], [1, 2, 1, 9]),
  "no rows": rule([0, 0], [1, 2, 1, 2]),
  "no sequence": rule([0], [1, 2, 1, 2]),
  "no columns of keys": rule([0, 2], [1, 0, 1, 2]),
  "no columns of values": rule([0, 2], [1, 2, 1, 0]),
  softplus: { inputs: [uniform([3, 5], -4, 4, 1)], apply: (graph, [x]) => softplusOf(graph, x!) },
};

describe("gradients by central differences", () => {
  it.each(Object.entries(cases))("%s", (_, check) => checkGradients(check));
});

describe("values of PyTorch in float64", async () => {
  const file = readSafetensors(await goldenBytes("recurrences/gated_delta.safetensors"));

  it.each(["t5_grouped", "t64", "t70", "t131_grouped"])("%s", (name) => {
    const golden = (part: string) => file.tensor(`${name}/${part}`);
    const [tokens, keyHeads, keyDim] = golden("q").shape as [number, number, number];
    const [valueHeads, , valueDim] = golden("S").shape as [number, number, number];
    using graph = new Graph();
    const leaf = (part: string) => graph.variable(golden(part));
    const [q, k, v, g, beta, state] = [leaf("q"), leaf("k"), leaf("v"), leaf("g"), leaf("beta"), leaf("S")];
    const flat = (x: NodeId, rows: number) =>
      graph.reshape(x, [rows, graph.shape(x).reduce((a, b) => a * b, 1) / rows]);
    const unit = (x: NodeId, factor: number) => {
      const data = new Float32Array(keyDim).fill(factor / Math.sqrt(keyDim));
      return flat(graph.rmsNorm(x, graph.constant({ shape: [keyDim], data }), { eps: 1e-6 / keyDim }), tokens);
    };
    const same = (columns: number, value: (row: number, column: number) => number) =>
      graph.constant({
        shape: [keyDim, columns],
        data: Float32Array.from({ length: keyDim * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
      });
    const zeros = (columns: number) => same(columns, () => 0);
    const rows = same(keyHeads * keyDim, (row, column) => (column % keyDim === row ? 1 : 0));
    // Tokens that write the state's rows come before, tokens that read them come after.
    const written = flat(graph.permute(state, [1, 0, 2]), keyDim);
    const inputs: Five<NodeId> = [
      graph.concat([zeros(keyHeads * keyDim), unit(q, 1 / Math.sqrt(keyDim)), rows], 0),
      graph.concat([rows, unit(k, 1), zeros(keyHeads * keyDim)], 0),
      graph.concat([written, flat(v, tokens), zeros(valueHeads * valueDim)], 0),
      graph.concat([zeros(valueHeads), g, zeros(valueHeads)], 0),
      graph.concat([same(valueHeads, () => 1), beta, zeros(valueHeads)], 0),
    ];
    const all = deltaRule(graph, inputs, { offsets: Int32Array.of(0, tokens + 2 * keyDim), keyHeads });
    const part = (start: number, count: number) =>
      graph.reshape(graph.slice(all, { dim: 0, start, end: start + count }), [count, valueHeads, valueDim]);
    const o = part(keyDim, tokens);
    const end = graph.permute(part(keyDim + tokens, keyDim), [1, 0, 2]);
    const up = (node: NodeId, name: string) => graph.sum(graph.mul(node, graph.constant(golden(name))));
    graph.backward(graph.add(up(o, "up_o"), up(end, "up_S")));
    const close = (found: Tensor, part: string, tolerance: number) =>
      expect(largestError(found.data, golden(part).data), part).toBeLessThan(tolerance);
    close(graph.value(o), "o", 5e-6);
    close(graph.value(end), "S_end", 5e-6);
    for (const [node, part] of [
      [q, "q"],
      [k, "k"],
      [v, "v"],
      [g, "g"],
      [beta, "beta"],
      [state, "S"],
    ] as const)
      // prettier-ignore
      close(graph.grad(node)!, `d_${part}`, 2e-5);

    const size = golden("S").data.length;
    const memory = graph.attempt.run(() => graph.allocateOwned(size));
    graph.engine.write(memory, golden("S").data, size);
    const attributes = { offsets: Int32Array.of(0, tokens), keyHeads, states: [{ before: memory, after: memory }] };
    const found = graph.step(() => {
      const own = [unit(q, 1 / Math.sqrt(keyDim)), unit(k, 1), flat(v, tokens), g, beta] as Five<NodeId>;
      return graph.value(deltaRule(graph, own, attributes));
    });
    close(found, "o", 5e-6);
    expect(largestError(graph.engine.read(memory, size), golden("S_end").data)).toBeLessThan(5e-6);
    graph.releaseOwned(memory);
  });
});

describe("sequences", () => {
  const sizes: Sizes = [2, 5, 4, 11];
  const lengths = [9, 1, 0, 30, 2];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const offsets = Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))]);
  const inputs = inputsOf(total, sizes);
  const size = 4 * 5 * 11;
  const columns = 4 * 11;
  const nodes = (graph: Graph, start = 0, end = total) =>
    inputs.map(({ shape, data }) => {
      const width = shape[1]!;
      return graph.constant({ shape: [end - start, width], data: data.slice(start * width, end * width) });
    }) as Five<NodeId>;
  const whole = () => {
    using graph = new Graph();
    return graph.value(deltaRule(graph, nodes(graph), { offsets, keyHeads: 2 })).data;
  };

  it("have the bits that they have alone, of values and of gradients", () => {
    using graph = new Graph();
    const together = whole();
    const leaves = inputs.map((input) => graph.variable(input)) as Five<NodeId>;
    const up = uniform([total, columns], -1, 1, 7);
    graph.backward(deltaRule(graph, leaves, { offsets, keyHeads: 2 }), up);
    lengths.forEach((length, s) => {
      const [start, end] = [offsets[s]!, offsets[s + 1]!];
      const part = (data: Float32Array, width: number) => data.slice(start * width, end * width);
      using own = new Graph();
      const alone = inputs.map(({ shape: [, width], data }) =>
        own.variable({ shape: [length, width!], data: part(data, width!) }),
      ) as Five<NodeId>;
      const y = deltaRule(own, alone, { offsets: Int32Array.of(0, length), keyHeads: 2 });
      expect(own.value(y).data).toEqual(part(together, columns));
      own.backward(y, { shape: [length, columns], data: part(up.data, columns) });
      alone.forEach((leaf, i) =>
        expect(own.grad(leaf)!.data).toEqual(part(graph.grad(leaves[i]!)!.data, inputs[i]!.shape[1]!)),
      );
    });
  });

  it.each([
    ["token by token", Array.from({ length: 29 }, (_, i) => i + 1)],
    ["in pieces, one empty", [4, 4, 5, 20]],
  ])("have these bits %s, the state replaced or written elsewhere", (_, cuts) => {
    const expected = whole().slice(offsets[3]! * columns, offsets[4]! * columns);
    for (const inPlace of [true, false]) {
      using graph = new Graph();
      const block = graph.attempt.run(() => graph.allocateOwned(2 * size));
      let [before, after, start]: [number | null, number, number] = [null, block, 0];
      for (const end of [...cuts, 30]) {
        const attributes = { offsets: Int32Array.of(0, end - start), keyHeads: 2, states: [{ before, after }] };
        const found = graph.step(
          () => graph.value(deltaRule(graph, nodes(graph, offsets[3]! + start, offsets[3]! + end), attributes)).data,
        );
        expect(found).toEqual(expected.slice(start * columns, end * columns));
        const other: number = after === block ? block + 4 * size : block;
        [before, after, start] = [after, inPlace ? after : other, end];
      }
      graph.releaseOwned(block);
    }
  });

  it("with a state each are one call; null begins with zeros", () => {
    using graph = new Graph();
    const block = graph.attempt.run(() => graph.allocateOwned(lengths.length * size));
    const states = lengths.map((_, s) => ({ before: null, after: block + 4 * s * size }));
    const found = graph.step(() => graph.value(deltaRule(graph, nodes(graph), { offsets, keyHeads: 2, states })).data);
    expect(found).toEqual(whole());
    // That of the empty sequence is what it began with.
    expect([...graph.engine.read(states[2]!.after, size)]).toEqual(Array<number>(size).fill(0));
    graph.releaseOwned(block);
  });

  it("do not see NaN of others or of later rows, nor columns that of other columns", () => {
    using graph = new Graph();
    const expected = whole();
    const data = inputs[2].data.slice();
    data[5 * columns + 3] = NaN;
    const given = nodes(graph);
    given[2] = graph.constant({ shape: inputs[2].shape, data });
    graph.value(deltaRule(graph, given, { offsets, keyHeads: 2 })).data.forEach((y, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      if (column === 3 && row >= 5 && row < 9) expect(y).toBeNaN();
      else expect(y).toBe(expected[i]);
    });
  });
});

describe("what does not fit", () => {
  const refused = (shapes: Five<number[]>, message: RegExp, more: object = {}) => {
    using graph = new Graph();
    const nodes = shapes.map((shape) => graph.constant(uniform(shape))) as Five<NodeId>;
    const given = { offsets: Int32Array.of(0, 3), keyHeads: 2, ...more };
    expect(() => deltaRule(graph, nodes, given)).toThrow(message);
  };

  it("is refused by name", () => {
    const fits: Five<number[]> = [[3, 4], [3, 4], [3, 12], [3, 4], [3, 4]]; // prettier-ignore
    refused(fits.with(0, [3, 5]) as Five<number[]>, /gatedDelta: q must be \[tokens, dk · 2 heads\], got \[3, 5\]/);
    refused(fits.with(1, [2, 4]) as Five<number[]>, /k must be \[3, 4\], got \[2, 4\]/);
    refused(fits.with(3, [3, 3]) as Five<number[]>, /g must be \[3, a multiple of 2 heads\]/);
    refused(fits.with(4, [3, 2]) as Five<number[]>, /beta must be \[3, 4\]/);
    refused(fits.with(2, [3, 13]) as Five<number[]>, /v must be \[3, 16\], got \[3, 13\]/);
    refused(fits, /offsets must go from 0 to the 3 rows/, { offsets: Int32Array.of(0, 2) });
    refused(fits, /0 states for 1 sequences/, { states: [] });
  });

  it("a gradient through a state", () => {
    using graph = new Graph();
    const memory = graph.attempt.run(() => graph.allocateOwned(4));
    const inputs = inputsOf(2, [1, 2, 1, 2]).map((input) => graph.variable(input)) as Five<NodeId>;
    const states = [{ before: null, after: memory }];
    const y = deltaRule(graph, inputs, { offsets: Int32Array.of(0, 2), keyHeads: 1, states });
    expect(() => graph.backward(graph.sum(y))).toThrow(/no gradient/);
    graph.releaseOwned(memory);
  });
});
