import { describe, expect, it } from "vitest";
import { ConfigError, Graph, LoraEmbedding, LoraLinear, readSafetensors, type TensorFile } from "../../ts/index.js";
import { transpose } from "../../ts/io/peft/conv1d.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "../ops/compare.js";

interface LoraCase {
  name: string;
  layer: "linear" | "conv1d" | "embedding";
  in: number;
  out: number;
  r: number;
  lora_alpha: number;
  bias: boolean;
  x_shape: number[];
  scaling: number;
  use_rslora?: boolean;
  use_dora?: boolean;
  peft_f32_err: number;
  peft_f32_merge_err: number;
}

const { cases } = await goldenJson<{ cases: LoraCase[] }>("vectors/lora.json");
const file = readSafetensors(await goldenBytes("vectors/lora.safetensors"));
const layers = cases.filter(({ layer }) => layer !== "embedding");
const tables = cases.filter(({ layer }) => layer === "embedding");

/** PEFT's tolerance rule: the README beside the vectors. */
const tolerance = (torchError: number) => Math.max(1e-5, 4 * torchError);

/** The case's layer with PEFT's tensors; PyTorch's `[out, in]` weights are turned, GPT-2's Conv1D is `[in, out]` as ours. */
function build(graph: Graph, vectors: TensorFile, test: LoraCase) {
  const get = (name: string) => vectors.tensor(`${test.name}/${name}`);
  const weight = graph.constant(test.layer === "conv1d" ? get("weight") : transpose(get("weight")));
  const bias = vectors.has(`${test.name}/bias`) ? graph.constant(get("bias")) : null;
  const layer = LoraLinear.fromLinear(graph, weight, bias, test.in, test.out, {
    rank: test.r,
    alpha: test.lora_alpha,
    rslora: test.use_rslora ?? false,
    dora: test.use_dora ?? false,
  });
  graph.setValue(layer.loraA, transpose(get("lora_A")));
  graph.setValue(layer.loraB, transpose(get("lora_B")));
  if (layer.magnitude !== null) graph.setValue(layer.magnitude, { shape: [test.out], data: get("magnitude").data });
  return { layer, get };
}

describe("LoRA layers against PEFT", () => {
  it("covers every case of the vectors", () => {
    expect([layers.length, tables.length]).toEqual([50, 2]);
    expect(cases).toHaveLength(52);
  });

  it.each(tables)("$name", (test) => {
    using graph = new Graph();
    const get = (name: string) => file.tensor(`${test.name}/${name}`);
    const table = graph.constant(get("weight"));
    const layer = LoraEmbedding.fromTable(graph, table, test.in, test.out, {
      rank: test.r,
      alpha: test.lora_alpha,
      rslora: test.use_rslora ?? false,
    });
    // As PEFT begins: A zero, B normal.
    expect(graph.value(layer.loraA).data.every((x) => x === 0)).toBe(true);
    expect(graph.value(layer.loraB).data.every((x) => x !== 0)).toBe(true);
    graph.setValue(layer.loraA, transpose(get("lora_A")));
    graph.setValue(layer.loraB, transpose(get("lora_B")));
    expect(layer.scaling).toBeCloseTo(test.scaling, 12);
    const limit = tolerance(test.peft_f32_err);
    graph.step(() => {
      const y = layer.forward(graph, get("x").data, test.x_shape);
      expect(graph.shape(y)).toEqual(get("out").shape);
      expect(largestError(graph.value(y).data, get("out").data)).toBeLessThanOrEqual(limit);
      graph.backward(y, get("cot"));
    });
    expect(largestError(graph.grad(layer.loraA)!.data, transpose(get("grad_lora_A")).data)).toBeLessThanOrEqual(limit);
    expect(largestError(graph.grad(layer.loraB)!.data, transpose(get("grad_lora_B")).data)).toBeLessThanOrEqual(limit);
    expect(graph.grad(table)).toBeNull();
    expect(layer.trainableParams()).toEqual([layer.loraA, layer.loraB]);
    const merged = tolerance(test.peft_f32_merge_err);
    expect(largestError(layer.merge(graph).data, get("merged").data)).toBeLessThanOrEqual(merged);
  });

  it.each(layers)("$name", async (test) => {
    const graph = new Graph();
    const { layer, get } = build(graph, file, test);
    expect(layer.scaling).toBeCloseTo(test.scaling, 12);
    const x = graph.variable(get("x"));
    const limit = tolerance(test.peft_f32_err);
    graph.step(() => {
      const y = layer.forward(graph, x);
      expect(graph.shape(y)).toEqual(get("out").shape);
      expect(largestError(graph.value(y).data, get("out").data)).toBeLessThanOrEqual(limit);
      graph.backward(y, get("cot"));
    });
    expect(largestError(graph.grad(x)!.data, get("grad_x").data)).toBeLessThanOrEqual(limit);
    expect(largestError(graph.grad(layer.loraA)!.data, transpose(get("grad_lora_A")).data)).toBeLessThanOrEqual(limit);
    expect(largestError(graph.grad(layer.loraB)!.data, transpose(get("grad_lora_B")).data)).toBeLessThanOrEqual(limit);
    if (layer.magnitude !== null) {
      expect(largestError(graph.grad(layer.magnitude)!.data, get("grad_magnitude").data)).toBeLessThanOrEqual(limit);
    }
    expect(graph.grad(layer.frozenWeight)).toBeNull();
    const merged = get("merged");
    const expected = test.layer === "conv1d" ? merged : transpose(merged);
    expect(largestError(layer.merge(graph).data, expected.data)).toBeLessThanOrEqual(
      tolerance(test.peft_f32_merge_err),
    );
    expect(await layer.readMerged(graph)).toEqual(layer.merge(graph));
    await expect(layer.readMerged({} as Graph)).rejects.toThrow(ConfigError);
    graph.dispose();
  });
});
