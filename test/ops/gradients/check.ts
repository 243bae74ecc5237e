import { expect } from "vitest";
import { Graph, type NodeId, type Tensor } from "../../../ts/index.js";
import { uniform } from "./numbers.js";

/** One use of an op to differentiate. */
export interface Case {
  readonly title?: string;
  readonly inputs: readonly Tensor[];
  readonly apply: (graph: Graph, inputs: NodeId[]) => NodeId;
  /** Inputs that never get a gradient (a frozen weight). */
  readonly frozen?: readonly number[];
}

/** Step of the differences: a power of two, so that it is added to small numbers without loss. */
const STEP = 2 ** -5;

/** Σ cotangent·f(inputs), in float64. */
function weighted({ apply }: Case, inputs: readonly Tensor[], cotangent: Float64Array): number {
  using graph = new Graph({ seed: 3 });
  const value = graph.value(
    apply(
      graph,
      inputs.map((input) => graph.constant(input)),
    ),
  ).data;
  return value.reduce((sum, y, i) => sum + y * cotangent[i]!, 0);
}

/** ∂/∂x of `weighted` for every element x of input `which`, by central differences of fourth order. */
function differences(check: Case, which: number, cotangent: Float64Array): Float64Array {
  const x = check.inputs[which]!;
  return Float64Array.from(x.data, (value, i) => {
    const at = (distance: number) => {
      const data = x.data.slice();
      data[i] = value + distance;
      const inputs = check.inputs.map((input, k) => (k === which ? { shape: x.shape, data } : input));
      return weighted(check, inputs, cotangent);
    };
    return (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP);
  });
}

/**
 * Checks every gradient of a case against central differences: from leaves and through other nodes, alone and together,
 * written and accumulated.
 */
export function checkGradients(check: Case): void {
  using graph = new Graph({ seed: 3 });
  const leaves = check.inputs.map((input) => graph.variable(input));
  const out = check.apply(graph, [...leaves]);
  const shape = graph.shape(out);
  const seed = uniform(shape, -1, 1, 9);
  graph.backward(out, seed);
  const expected = check.inputs.map((_, which) => differences(check, which, Float64Array.from(seed.data)));
  const trainable = leaves.map((_, which) => which).filter((which) => !check.frozen?.includes(which));
  const compare = (node: NodeId, which: number, factor: number, what: string) => {
    const gradient = graph.grad(node);
    expect(gradient?.shape, what).toEqual(check.inputs[which]!.shape);
    expectClose(gradient!.data, expected[which]!, factor, what);
  };
  for (const which of trainable) compare(leaves[which]!, which, 1, `input ${which}`);
  for (const which of check.frozen ?? []) expect(graph.grad(leaves[which]!), `frozen input ${which}`).toBeNull();

  // A second pass adds to the first.
  graph.backward(out, seed);
  for (const which of trainable) compare(leaves[which]!, which, 2, `input ${which}, twice`);

  // One trainable input at a time, reached through another node whose gradient lives on the tape.
  for (const which of trainable) {
    const fresh = new Graph({ seed: 3 });
    const leaf = fresh.variable(check.inputs[which]!);
    const inputs = check.inputs.map((input, k) => (k === which ? fresh.neg(fresh.neg(leaf)) : fresh.constant(input)));
    fresh.backward(check.apply(fresh, inputs), seed);
    expectClose(fresh.grad(leaf)!.data, expected[which]!, 1, `input ${which} alone, behind a node`);
    fresh.dispose();
  }
}

function expectClose(actual: Float32Array, expected: Float64Array, factor: number, what: string): void {
  const scale = expected.reduce((largest, e) => Math.max(largest, Math.abs(e)), 1);
  actual.forEach((a, i) => {
    const error = Math.abs(a - factor * expected[i]!) / (factor * scale);
    expect(error, `${what}: element ${i} is ${a}, differences give ${factor * expected[i]!}`).toBeLessThan(1e-3);
  });
}
