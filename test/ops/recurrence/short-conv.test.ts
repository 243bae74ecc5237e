import { describe, expect, it } from "vitest";
import { convolved } from "../../../ts/graph/decoder-ops.js";
import { Graph, type NodeId, readSafetensors, type Tensor } from "../../../ts/index.js";
import { goldenBytes } from "../../golden.js";
import { largestError } from "../compare.js";
import { type Case, checkGradients } from "../gradients/check.js";
import { uniform } from "../gradients/numbers.js";

const convolution = (offsets: number[], channels: number, weight: number[]): Case => ({
  inputs: [uniform([offsets.at(-1)!, channels], -1, 1, 1), uniform(weight, -1, 1, 2)],
  apply: (graph, [x, w]) => convolved(graph, x!, w!, { offsets: Int32Array.from(offsets) }),
});

const cases: Record<string, Case> = {
  "one sequence": convolution([0, 7], 5, [5, 3]),
  "several, one empty, one shorter than the weight": convolution([0, 5, 5, 7, 8], 4, [4, 4]),
  "a weight as Conv1d stores it": convolution([0, 3, 9], 6, [6, 1, 2]),
  "width 1": convolution([0, 3], 3, [3, 1]),
  "no rows": convolution([0, 0], 3, [3, 2]),
  "no sequence": convolution([0], 3, [3, 2]),
  "no channels": convolution([0, 3], 0, [0, 2]),
};

describe("gradients by central differences", () => {
  it.each(Object.entries(cases))("%s", (_, check) => checkGradients(check));
});

const rows = ({ shape, data }: Tensor, start: number, end: number): Tensor => ({
  shape: [end - start, shape[1]!],
  data: data.slice(start * shape[1]!, end * shape[1]!),
});

/** Runs `body` with the addresses of a state of `size` numbers that begins as zeros, and of a second one. */
function withStates<T>(graph: Graph, size: number, body: (first: number, second: number) => T): T {
  const [first, second] = [size, size].map((size) => graph.attempt.run(() => graph.allocateOwned(size)));
  graph.engine.kernels.fill(size, 0, first!);
  const found = body(first!, second!);
  [first, second].forEach((pointer) => graph.releaseOwned(pointer!));
  return found;
}

describe("values of PyTorch in float64", async () => {
  const file = readSafetensors(await goldenBytes("recurrences/short_conv.safetensors"));

  it.each(["lfm2_k3", "qwen_k4_silu", "shorter_than_state"])("%s", (name) => {
    const golden = (part: string) => file.tensor(`${name}/${part}`);
    using graph = new Graph();
    const [state, x] = [golden("state"), golden("x")];
    const [kept, channels] = state.shape as [number, number];
    const [before, own] = [graph.variable(state), graph.variable(x)];
    const weight = graph.constant(golden("w"));
    const active = (y: NodeId) => (name.endsWith("silu") ? graph.silu(y) : y);
    // A state is what a sequence's first rows would be.
    const whole = graph.concat([before, own], 0);
    const rowsInAll = kept + x.shape[0]!;
    const y = graph.slice(convolved(graph, whole, weight, { offsets: Int32Array.of(0, rowsInAll) }), {
      dim: 0,
      start: kept,
    });
    const end = graph.slice(whole, { dim: 0, start: rowsInAll - kept });
    const up = [
      [active(y), "up_y"],
      [end, "up_state"],
    ] as const;
    const [first, second] = up.map(([node, part]) => graph.sum(graph.mul(node, graph.constant(golden(part)))));
    graph.backward(graph.add(first!, second!));
    const close = (found: Tensor, part: string) =>
      expect(largestError(found.data, golden(part).data), part).toBeLessThan(2e-6);
    close(graph.value(active(y)), "y");
    close(graph.value(end), "state_end");
    close(graph.grad(own)!, "d_x");
    close(graph.grad(before)!, "d_state");

    withStates(graph, kept * channels, (state0, after) => {
      graph.engine.write(state0, state.data, kept * channels);
      const attributes = { offsets: Int32Array.of(0, x.shape[0]!), states: [{ before: state0, after }] };
      const found = graph.step(() => graph.value(active(convolved(graph, graph.constant(x), weight, attributes))));
      close(found, "y");
      const stored = graph.engine.read(after, kept * channels);
      expect([...stored]).toEqual([...golden("state_end").data].map(Math.fround));
    });
  });
});

describe("sequences", () => {
  const [channels, width, lengths] = [13, 4, [9, 1, 0, 30, 2]];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const offsets = Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))]);
  const x = uniform([total, channels], -2, 2, 1);
  const weight = uniform([channels, width], -2, 2, 2);
  const whole = () => {
    using graph = new Graph();
    return graph.value(convolved(graph, graph.constant(x), graph.constant(weight), { offsets })).data;
  };

  it("have the bits that they have alone", () => {
    using graph = new Graph();
    const together = whole();
    const w = graph.constant(weight);
    lengths.forEach((length, s) => {
      const own = graph.constant(rows(x, offsets[s]!, offsets[s + 1]!));
      const alone = graph.value(convolved(graph, own, w, { offsets: Int32Array.of(0, length) })).data;
      expect(alone).toEqual(together.slice(offsets[s]! * channels, offsets[s + 1]! * channels));
    });
  });

  it.each([
    ["token by token", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["in pieces, one empty", [4, 4, 5, 20]],
  ])("have these bits %s, the state replaced or written elsewhere", (_, cuts) => {
    const expected = whole().slice(offsets[3]! * channels, offsets[4]! * channels);
    for (const inPlace of [true, false]) {
      using graph = new Graph();
      const w = graph.constant(weight);
      withStates(graph, (width - 1) * channels, (one, other) => {
        let [before, after, start] = [one, inPlace ? one : other, 0];
        for (const end of [...cuts, 30]) {
          const piece = rows(x, offsets[3]! + start, offsets[3]! + end);
          const attributes = { offsets: Int32Array.of(0, end - start), states: [{ before, after }] };
          const found = graph.step(() => graph.value(convolved(graph, graph.constant(piece), w, attributes)).data);
          expect(found).toEqual(expected.slice(start * channels, end * channels));
          [before, after, start] = [after, before, end];
        }
      });
    }
  });

  it("with a state each are one call; null begins with zeros", () => {
    using graph = new Graph();
    const size = (width - 1) * channels;
    const block = graph.attempt.run(() => graph.allocateOwned(lengths.length * size));
    const states = lengths.map((_, s) => ({ before: null, after: block + 4 * s * size }));
    const nodes = [graph.constant(x), graph.constant(weight)] as const;
    const found = graph.step(() => graph.value(convolved(graph, ...nodes, { offsets, states })).data);
    expect(found).toEqual(whole());
    lengths.forEach((length, s) => {
      const last = [...Array<number>(size).fill(0), ...rows(x, offsets[s]!, offsets[s + 1]!).data].slice(-size);
      expect([...graph.engine.read(states[s]!.after, size)], `after ${length} rows`).toEqual(last);
    });
    graph.releaseOwned(block);
  });

  it("do not see NaN of others or of later rows", () => {
    using graph = new Graph();
    const expected = whole();
    const data = x.data.slice();
    data[5 * channels] = NaN;
    const nodes = [graph.constant({ shape: x.shape, data }), graph.constant(weight)] as const;
    graph.value(convolved(graph, ...nodes, { offsets })).data.forEach((y, i) => {
      const [row, column] = [Math.floor(i / channels), i % channels];
      if (column === 0 && row >= 5 && row < 5 + width) expect(y).toBeNaN();
      else expect(y).toBe(expected[i]);
    });
  });
});

describe("what does not fit", () => {
  const refused = (x: number[], weight: number[], offsets: number[], message: RegExp, states?: 1) => {
    using graph = new Graph();
    const nodes = [graph.constant(uniform(x)), graph.constant(uniform(weight))] as const;
    const given = { offsets: Int32Array.from(offsets), ...(states && { states: [] }) };
    expect(() => convolved(graph, ...nodes, given)).toThrow(message);
  };

  it("is refused by name", () => {
    refused([3, 4], [5, 2], [0, 3], /shortConv: x must be \[tokens, 5\], got \[3, 4\]/);
    refused([3, 4], [4, 0], [0, 3], /weight must be \[channels, width\], width at least 1/);
    refused([3, 4], [4, 2, 2], [0, 3], /weight must be/);
    refused([12], [12, 2], [0, 3], /x must be/);
    refused([3, 4], [4, 2], [0, 4], /offsets must go from 0 to the 3 rows/);
    refused([3, 4], [4, 2], [0, 3], /0 states for 1 sequences/, 1);
  });

  it("a gradient through a state", () => {
    using graph = new Graph();
    withStates(graph, 4, (before, after) => {
      const x = graph.variable(uniform([3, 4]));
      const attributes = { offsets: Int32Array.of(0, 3), states: [{ before, after }] };
      const y = convolved(graph, x, graph.constant(uniform([4, 2])), attributes);
      expect(() => graph.backward(graph.sum(y))).toThrow(/no gradient/);
    });
  });
});
