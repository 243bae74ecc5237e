import { describe, expect, it } from "vitest";
import { Graph, type NodeId } from "../../ts/index.js";
import { readSafetensors } from "../../ts/io/safetensors/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "./compare.js";
import { gaps } from "./golden-gaps.js";
import { runs } from "./golden-runs.js";
import type { Inputs } from "./rows/row.js";

interface Case {
  readonly name: string;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly grads: readonly string[];
  readonly torch_f32_err: number;
}

const { cases } = await goldenJson<{ cases: Case[] }>("vectors/ops.json");
const file = readSafetensors(await goldenBytes("vectors/ops.safetensors"));
const covered = cases.filter(({ name }) => !(name in gaps));

/** The rule of vectors/README.md: four times what PyTorch's own float32 loses, 1e-5 at least. */
function toleranceOf({ name, torch_f32_err }: Case): number {
  if (name.endsWith("_large_logits") || name === "layer_norm_big_offset") return 5e-4;
  return Math.max(1e-5, 4 * torch_f32_err);
}

function run({ name, op, params, inputs, grads }: Case, graph: Graph): { out: NodeId; nodes: Map<string, NodeId> } {
  const nodes = new Map<string, NodeId>();
  const host = (input: string) => file.tensor(`${name}/in/${input}`);
  const node = (input: string) => {
    const known = nodes.get(input);
    if (known !== undefined) return known;
    const trainable = grads.includes(input) && params["note"] !== `${input} constant`;
    const made = trainable ? graph.variable(host(input)) : graph.constant(host(input));
    nodes.set(input, made);
    return made;
  };
  const access: Inputs = { node, host, has: (input) => input in inputs };
  return { out: runs[op]!(graph, access, params), nodes };
}

describe("PyTorch's values and gradients", () => {
  it("cover every case but the listed gaps", () => {
    const names = cases.map(({ name }) => name);
    expect(Object.keys(gaps).filter((name) => !names.includes(name))).toEqual([]);
    expect(covered.filter(({ op }) => !(op in runs)).map(({ name }) => name)).toEqual([]);
    expect(Object.keys(runs).filter((op) => !covered.some((golden) => golden.op === op))).toEqual([]);
  });

  it.each(covered.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
    using graph = new Graph();
    const { out, nodes } = run(golden, graph);
    const tolerance = toleranceOf(golden);
    const expected = file.tensor(`${name}/out`);
    const value = graph.value(out);
    expect(value.shape).toEqual(expected.shape);
    expect(largestError(value.data, expected.data), "value").toBeLessThanOrEqual(tolerance);

    graph.backward(out, file.tensor(`${name}/cot`));
    for (const input of golden.grads) {
      const gradient = file.tensor(`${name}/grad/${input}`);
      const node = nodes.get(input);
      // Constants and what an op takes as plain numbers have no gradient; PyTorch detached them and stores zeros.
      const actual = node === undefined ? null : graph.grad(node);
      const data = actual?.data ?? new Float32Array(gradient.data.length);
      expect(largestError(data, gradient.data), `gradient of ${input}`).toBeLessThanOrEqual(tolerance);
    }
  });
});
