import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raggedBatch } from "../../../ts/entry/graph.js";
import {
  AdamW,
  type Graph,
  type NodeId,
  readSafetensors,
  SentenceEncoder,
  sentenceLoss,
  type SentenceLossName,
  type Tensor,
} from "../../../ts/index.js";
import { transpose } from "../../../ts/io/peft/conv1d.js";
import { caseBytes, caseEncoder, farthest, lossCase, lossCases, optionsOf } from "./golden-losses.js";

describe.each(lossCases)("%s", (name) => {
  let encoder: SentenceEncoder;
  let read: Awaited<ReturnType<typeof lossCase>>;

  beforeAll(async () => {
    read = await lossCase(name);
    encoder = await SentenceEncoder.load(await caseEncoder(read.settings.encoder));
    encoder.loadAdapter("a", {
      "adapter_config.json": await caseBytes(name, "init_adapter/adapter_config.json"),
      "adapter_model.safetensors": await caseBytes(name, "init_adapter/adapter_model.safetensors"),
    });
  });
  afterAll(() => encoder?.dispose());

  it("trains an adapter as sentence-transformers and PEFT do, for three steps", async () => {
    const { settings, columns, vectors } = read;
    const { graph } = encoder;
    const layers = [...encoder.adapter("a").layers];
    const options = optionsOf(settings, columns, vectors);
    const head = headOf(graph, options.head as Head | undefined);
    const batches = columns.map((column) => raggedBatch(settings.ids[column]!));
    const params = [...layers.flatMap(([, { loraA, loraB }]) => [loraA, loraB]), ...Object.values(head ?? {})];
    const optimizer = new AdamW(graph, params, { lr: 1e-3, weightDecay: 0.01 });
    const step = (update: boolean) => {
      optimizer.zeroGrad();
      const value = graph.step(() => {
        const nodes = batches.map((batch) => encoder.pooled(batch, "a"));
        const given = { ...options, ...(head && { head }) };
        const loss = sentenceLoss(graph, settings.loss as SentenceLossName, nodes, given);
        if (update) graph.backward(loss);
        return graph.value(loss).data[0]!;
      });
      if (update) optimizer.step();
      return value;
    };
    // Two ways of adding float32 numbers up; where PyTorch's lies near by chance, float32's own rounding is more.
    const near = Math.max(2e-6, 8 * settings.f32_vs_f64.loss);
    for (const expected of settings.loss_f64) expect(Math.abs(step(true) - expected)).toBeLessThan(near);
    expect(Math.abs(step(false) - settings.loss_after_f64)).toBeLessThan(near);
    optimizer.dispose();

    const trained = readSafetensors(await caseBytes(name, "adapter_step3/adapter_model.safetensors"));
    expect(trained.names).toHaveLength(2 * layers.length);
    let worst = 0;
    for (const [path, { loraA, loraB }] of layers) {
      for (const [part, id] of Object.entries({ lora_A: loraA, lora_B: loraB })) {
        const expected = trained.tensor(`base_model.model.${path}.${part}.weight`);
        worst = Math.max(worst, farthest(transpose(graph.value(id)).data, expected.data));
      }
    }
    // Adam divides by the root of what it has seen, which is tiny for some entries.
    expect(worst).toBeLessThan(Math.max(2e-6, 8 * settings.f32_vs_f64.trained_step3));
    if (head === undefined) return;
    const after = readSafetensors(await caseBytes(name, "head_step3.safetensors"));
    for (const part of ["weight", "bias"] as const) {
      expect(farthest(graph.value(head[part]).data, after.tensor(part).data)).toBeLessThan(2e-6);
    }
  });
});

interface Head {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** A head as variables, in PyTorch's layout. */
function headOf(graph: Graph, given: Head | undefined): Record<"weight" | "bias", NodeId> | undefined {
  if (given === undefined) return undefined;
  return { weight: graph.variable(given.weight), bias: graph.variable(given.bias) };
}
