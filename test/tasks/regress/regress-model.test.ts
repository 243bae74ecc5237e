import { expect, it } from "vitest";
import { AdamW, type Graph, type NodeId, readSafetensors, SentenceEncoder, TextRegressor } from "../../../ts/index.js";
import { takeAnySpec } from "../../../ts/tasks/index.js";
import { RegressModel } from "../../../ts/tasks/regress/regress-model.js";
import type { RegressSettings } from "../../../ts/tasks/regress/settings.js";
import { goldenBytes, goldenJson } from "../../golden.js";

const folder = "tasks/heads/regression_pooled-distilbert";

interface Case {
  readonly texts: string[];
  readonly labels: number[];
  readonly ids: number[][];
  readonly loss_f32: number[];
  readonly loss_f64: number[];
}

const files = async (names: readonly string[], at: string) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await goldenBytes(`${at}/${name}`)])));

it("loss, gradients and three steps of AdamW are PyTorch's and PEFT's", async () => {
  const { texts, labels, ids, loss_f32, loss_f64 } = await goldenJson<Case>(`${folder}/case.json`);
  const base = await files(
    ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
    "encoders/distilbert",
  );
  using encoder = await SentenceEncoder.load(base, { pooling: "cls", maxTokens: 64 });
  const about = { format: 2, task: "regression", labels: ["score"], pooling: "cls", maxTokens: 64 };
  const regressor = TextRegressor.load(encoder, {
    ...(await files(["adapter_config.json", "adapter_model.safetensors"], `${folder}/init_adapter`)),
    "head.safetensors": await goldenBytes(`${folder}/init_head.safetensors`),
    "labels.json": new TextEncoder().encode(JSON.stringify(about)),
  });
  const settings = takeAnySpec("test", { task: "regress", data: "" }) as RegressSettings;
  const model = new RegressModel(regressor, { test: null, validation: null as never }, settings, null as never);
  const batch = texts.map((text, line) => model.tokenize({ text, label: "", line, target: labels[line]! }));
  expect(batch.map((one) => [...one.ids])).toEqual(ids);
  const { graph } = model;
  const optimizer = new AdamW(graph, model.params(), { lr: 1e-3, weightDecay: 0.01 });
  const gradients = readSafetensors(await goldenBytes(`${folder}/step0_grads.safetensors`));
  for (let step = 0; step < 3; step++) {
    const loss = graph.step(() => {
      const { sum, targets } = model.loss(batch, false);
      const mean = graph.mul(sum, graph.constant({ shape: [], data: Float32Array.of(1 / targets) }));
      graph.backward(mean);
      return graph.value(mean).data[0]!;
    });
    const allowed = Math.max(2e-6, 8 * Math.abs(loss_f32[step]! - loss_f64[step]!));
    expect(Math.abs(loss - loss_f64[step]!)).toBeLessThanOrEqual(allowed);
    if (step === 0) expectGradients(graph, regressor, gradients);
    optimizer.step();
    optimizer.zeroGrad();
  }
  const { weight, bias } = regressor.model.head;
  const trained = readSafetensors(await goldenBytes(`${folder}/head_step3.safetensors`));
  for (const [name, id] of [
    ["weight", weight],
    ["bias", bias],
  ] as const)
    graph
      .value(id)
      .data.forEach((value, i) => expect(Math.abs(value - trained.tensor(name).data[i]!)).toBeLessThan(1e-5));
  optimizer.dispose();
  regressor.dispose();
});

/** The head's and, by its norm, the adapter's: A has none yet, since B is zero. */
function expectGradients(graph: Graph, { model }: TextRegressor, golden: ReturnType<typeof readSafetensors>) {
  const near = (id: NodeId, name: string) =>
    graph.grad(id)!.data.forEach((value, i) => {
      expect(Math.abs(value - golden.tensor(name).data[i]!)).toBeLessThanOrEqual(1e-5);
    });
  near(model.head.weight, "head.weight");
  near(model.head.bias, "head.bias");
  const norm = (values: Iterable<number>) => Math.hypot(...values);
  const own = model.modelAdapter!.params().map((id) => norm(graph.grad(id)!.data));
  const names = golden.names.filter((name) => name.includes("lora_"));
  const wanted = names.map((name) => norm(golden.tensor(name).data));
  expect(own).toHaveLength(wanted.length);
  const sorted = (values: number[]) => values.sort((a, b) => a - b);
  sorted(own).forEach((value, i) => expect(Math.abs(value - sorted(wanted)[i]!)).toBeLessThanOrEqual(1e-5));
}
