import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  AdamW,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  type TensorFile,
  TextClassifier,
} from "../../ts/index.js";
import { transpose } from "../../ts/io/peft/conv1d.js";
import {
  encoderBytes,
  encoderJson,
  goldenEncoder,
  goldenNames,
  multilingualName,
  type Replay,
  texts,
} from "./golden-encoder.js";

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

// Two ways of adding float32 numbers up: each golden says how far PyTorch's lies from float64, and ours may be up to four
// times as far.
describe.each([...goldenNames, multilingualName])("%s", (name) => {
  let encoder: SentenceEncoder;
  let classifier: TextClassifier;
  let replay: Replay;
  const open = async (file: string): Promise<TensorFile> => readSafetensors(await encoderBytes(name, file));

  beforeAll(async () => {
    replay = await encoderJson(name, "replay/replay.json");
    encoder = await SentenceEncoder.load(await goldenEncoder(name));
    const { pooling } = await encoderJson<{ pooling: string }>(name, "replay/replay.json");
    classifier = TextClassifier.load(encoder, {
      "adapter_config.json": await encoderBytes(name, "replay/init_adapter/adapter_config.json"),
      "adapter_model.safetensors": await encoderBytes(name, "replay/init_adapter/adapter_model.safetensors"),
      "head.safetensors": await encoderBytes(name, "replay/init_head.safetensors"),
      "labels.json": new TextEncoder().encode(JSON.stringify({ labels: ["0", "1"], pooling })),
    });
  });
  afterAll(() => encoder?.dispose());

  it("turns texts into the tokenizers library's ids", async () => {
    const { texts: ids } = await encoderJson<{ texts: number[][] }>(name, "ids.json");
    expect(encoder.tokenize(texts).map((row) => [...row])).toEqual(ids);
  });

  it("gives the pooled vectors of transformers", async () => {
    const pooled = (await open("pooled.safetensors")).tensor("pooled_f64").data;
    const together = flat(await encoder.encode(texts, { adapter: null }));
    expect(distance(together, pooled)).toBeLessThan(4 * replay.f32_vs_f64.pooled);
  });

  it("trains as PEFT does, for five steps, and merges", async () => {
    const { graph, head } = classifier;
    const before = await encoder.encode(texts.slice(0, 1), { adapter: null });
    const { f32_vs_f64: near, loss_f64: losses } = replay;
    const { batch: ids } = await encoderJson<{ batch: number[][] }>(name, "ids.json");
    const batch = raggedBatch(ids);
    const optimizer = new AdamW(graph, classifier.params(), { lr: 1e-3 });
    const layers = [...encoder.adapter("classifier").layers];
    for (const [step, expected] of losses.entries()) {
      optimizer.zeroGrad();
      graph.step(() => {
        const loss = graph.crossEntropy(head.logits(encoder.pooled(batch, "classifier")), replay.batch_labels);
        graph.backward(loss);
        const found = graph.value(loss).data[0]!;
        // Where PyTorch's lies near by chance, float32's own rounding is more.
        expect(Math.abs(found - expected)).toBeLessThan(Math.max(4 * near.loss, 2 ** -22));
      });
      if (step < 2) {
        const golden = await open(`replay/step${step}_grads.safetensors`);
        const found = new Map<string, Tensor>([
          ["head.weight", transpose(graph.grad(head.weight)!)],
          ["head.bias", graph.grad(head.bias)!],
        ]);
        for (const [path, { loraA, loraB }] of layers) {
          for (const [part, id] of Object.entries({ lora_A: loraA, lora_B: loraB })) {
            const [key, gradient] = [`base_model.model.${path}.${part}.default.weight`, graph.grad(id)];
            // A pooler's, which no vector depends on.
            expect(replay.no_gradient?.includes(key) ?? false).toBe(gradient === null);
            if (gradient !== null) found.set(key, transpose(gradient));
          }
        }
        expect([...found.keys()].sort()).toEqual([...golden.names].sort());
        let worst = 0;
        for (const [key, { data }] of found) {
          worst = Math.max(worst, distance(data, golden.tensor(key).data));
          if (step === 0 && replay.zero_gradient_step0.includes(key)) expect(data.every((x) => x === 0)).toBe(true);
        }
        expect(worst).toBeLessThan(4 * near.step0_grads);
      }
      optimizer.step();
    }
    optimizer.dispose();

    const adapter = await open("replay/adapter_step5/adapter_model.safetensors");
    expect(adapter.names).toHaveLength(2 * layers.length);
    let worst = 0;
    for (const [path, { loraA, loraB }] of layers) {
      for (const [part, id] of [
        ["lora_A", loraA],
        ["lora_B", loraB],
      ] as const) {
        const expected = adapter.tensor(`base_model.model.${path}.${part}.weight`);
        worst = Math.max(worst, distance(transpose(graph.value(id)).data, expected.data));
      }
    }

    // Adam divides by the root of what it has seen, which is tiny for some entries.
    expect(worst).toBeLessThan(8 * near.adapter_step5);
    const trained = await open("replay/head_step5.safetensors");
    expect(distance(transpose(graph.value(head.weight)).data, trained.tensor("weight").data)).toBeLessThan(1e-6);
    expect(distance(graph.value(head.bias).data, trained.tensor("bias").data)).toBeLessThan(1e-6);

    const logits = await open("replay/logits_step5.safetensors");
    const unmerged = flat(await classifier.logits(texts));
    encoder.mergeAdapter("classifier");
    const merged = flat(await classifier.logits(texts));
    encoder.unmergeAdapter("classifier");
    const expected = logits.tensor("unmerged_f64").data;
    expect(distance(unmerged, expected)).toBeLessThan(4 * near.logits);
    expect(distance(merged, expected)).toBeLessThan(4 * (near.logits + near.merged_vs_unmerged));
    expect(await encoder.encode(texts.slice(0, 1), { adapter: null })).toEqual(before);
  });
});
