import { expect, it } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  AdamW,
  CausalLanguageModel,
  ClassificationHead,
  type Graph,
  loraPlusGroups,
  type NodeId,
  readSafetensors,
  SentenceEncoder,
} from "../../ts/index.js";
import type { ModelAdapter } from "../../ts/adapters/model-adapter.js";
import { transpose } from "../../ts/io/peft/conv1d.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { encoderJson, goldenEncoder } from "../models/golden-encoder.js";
import { decoderFiles, decoderGolden, type DecoderName } from "../models/language/golden-decoder.js";

/*
 * PEFT's create_loraplus_optimizer (test/golden/generate/generate_lora_plus.py): the same groups, and the same losses step by step.
 */
interface Golden<Base extends string> {
  readonly base: Base;
  readonly settings: {
    lr: number;
    loraplus_lr_ratio: number;
    loraplus_weight_decay: number;
    loraplus_lr_embedding?: number;
  };
  readonly losses: readonly number[];
  readonly groups: readonly { lr: number; weight_decay: number; params: readonly string[] }[];
}

const LABELS = [0, 1, 2, 1, 0, 2, 2, 1];

const goldenOf = <Base extends string>(name: string) => goldenJson<Golden<Base>>(`lora-plus/${name}/golden.json`);

async function adapterFiles(name: string) {
  const file = (part: string) => goldenBytes(`lora-plus/${name}/${part}`);
  return {
    "adapter_config.json": await file("adapter_config.json"),
    "adapter_model.safetensors": await file("adapter_model.safetensors"),
  };
}

/** Names of parameters as PEFT's files have them. */
function namesOf({ layers, whole, tokens }: ModelAdapter): Map<NodeId, string> {
  const names = new Map<NodeId, string>();
  for (const [path, { kind, loraA, loraB, magnitude, bias }] of layers) {
    const at = `base_model.model.${path}`;
    const [a, b] = kind === "embedding" ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A.weight", "lora_B.weight"];
    names.set(loraA, `${at}.${a}`).set(loraB, `${at}.${b}`);
    if (magnitude !== null) names.set(magnitude, `${at}.lora_magnitude_vector.weight`);
    if (bias !== null) names.set(bias, `${at}.lora_B.bias`);
  }
  for (const { node, name } of whole.values()) names.set(node, `base_model.model.${name}`);
  for (const { rows, name } of tokens.values()) names.set(rows, `base_model.model.${name}`);
  return names;
}

/** The groups by names and rates, those that have parameters, in any order. */
function told(groups: Golden<string>["groups"]) {
  const filled = groups.filter(({ params }) => params.length > 0);
  return filled
    .map(({ lr, weight_decay: decay, params }) => ({ lr: lr.toPrecision(6), decay, params: [...params].sort() }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function optionsOf({ settings }: Golden<string>) {
  const { lr, loraplus_lr_ratio: ratio, loraplus_weight_decay: weightDecay, loraplus_lr_embedding: table } = settings;
  return { lr, ratio, weightDecay, ...(table !== undefined && { embeddingLr: table }) };
}

it.each(["biases_and_norms", "dora_and_tables", "lora_bias", "token_rows", "tables"])(
  "PEFT's groups and losses on an encoder with a head: %s",
  async (name) => {
    const golden = await goldenOf(name);
    using encoder = await SentenceEncoder.load(await goldenEncoder(golden.base), { pooling: "mean" });
    const { graph } = encoder;
    encoder.loadAdapter("peft", await adapterFiles(name));
    const adapter = encoder.adapter("peft");
    const head = await headOf(graph, name);
    const options = optionsOf(golden);
    const groups = loraPlusGroups(adapter, { ...options, others: head.params() });
    const names = namesOf(adapter).set(head.weight, "head.weight").set(head.bias, "head.bias");
    const named = groups.map(({ params, lr, weightDecay }) => ({
      lr: lr!,
      weight_decay: weightDecay!,
      params: params.map((id) => names.get(id) ?? "none"),
    }));
    expect(told(named)).toEqual(told(golden.groups));
    const { texts: ids } = await encoderJson<{ texts: number[][] }>(golden.base, "ids.json");
    const optimizer = new AdamW(graph, groups, { lr: options.lr });
    const losses = golden.losses.map(() => {
      optimizer.zeroGrad();
      const loss = graph.step(() => {
        const logits = head.logits(encoder.pooled(raggedBatch(ids.slice(0, LABELS.length)), adapter));
        const mean = graph.crossEntropy(logits, LABELS);
        graph.backward(mean);
        return graph.value(mean).data[0]!;
      });
      optimizer.step();
      return loss;
    });
    losses.forEach((loss, i) => expect(Math.abs(loss - golden.losses[i]!)).toBeLessThan(2e-5));
    optimizer.dispose();
  },
);

async function headOf(graph: Graph, name: string): Promise<ClassificationHead> {
  const head = readSafetensors(await goldenBytes(`lora-plus/${name}/head.safetensors`));
  return new ClassificationHead(graph, transpose(head.tensor("weight")), head.tensor("bias"));
}

it.each(["rms_norms", "layer_norms"])("PEFT's groups and losses of a decoder's fit: %s", async (name) => {
  const golden = await goldenOf<DecoderName>(name);
  using model = await CausalLanguageModel.load(await decoderFiles(golden.base));
  model.loadAdapter("peft", await adapterFiles(name));
  const adapter = model.adapter("peft");
  const { lr, ratio, weightDecay } = optionsOf(golden);
  const names = namesOf(adapter);
  const named = loraPlusGroups(adapter, { lr, ratio, weightDecay }).map((group) => ({
    lr: group.lr!,
    weight_decay: group.weightDecay!,
    params: group.params.map((id) => names.get(id) ?? "none"),
  }));
  expect(told(named)).toEqual(told(golden.groups));
  const { batch } = await decoderGolden(golden.base);
  const examples = batch.map(({ prompt, completion }) => ({ prompt, completion }));
  const { steps } = await model.fit(examples, {
    steps: golden.losses.length,
    batchSize: batch.length,
    order: () => batch.map((_, i) => i),
    learningRate: lr,
    schedule: () => lr,
    loraPlusRatio: ratio,
    weightDecay,
    maxGradNorm: null,
  });
  // Transformers computes a decoder's loss in float32.
  steps.forEach(({ loss }, i) => expect(Math.abs(loss - golden.losses[i]!)).toBeLessThan(5e-5));
});
