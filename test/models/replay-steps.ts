/*
 * PEFT's first twenty steps on MiniLM, from its initial adapter, head and batches. Public API alone, so that test/runtimes can run
 * it on the built package.
 */
import { raggedBatch, type RaggedBatch } from "../../ts/entry/graph.js";
import { AdamW, readSafetensors, type SentenceEncoder, type Tensor, TextClassifier } from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";

export const REPLAY = "minilm/replay_qkv";

/** What PEFT's steps came to. */
export const replayedSteps = async () =>
  (await goldenJson<{ steps: { loss: number; grad_norm: number }[] }>(`${REPLAY}/replay.json`)).steps;

/** PEFT's initial adapter with its initial head, as one of our classifiers. */
export async function initialClassifier(encoder: SentenceEncoder): Promise<TextClassifier> {
  const adapter = `${REPLAY}/init_adapter`;
  return TextClassifier.load(encoder, {
    "adapter_config.json": await goldenBytes(`${adapter}/adapter_config.json`),
    "adapter_model.safetensors": await goldenBytes(`${adapter}/adapter_model.safetensors`),
    "head.safetensors": await goldenBytes(`${REPLAY}/init_head.safetensors`),
    "labels.json": new TextEncoder().encode('{ "labels": ["0", "1"] }'),
  });
}

/** The real tokens of padded rows. */
function ragged(ids: Tensor, mask: Tensor, first: number, count: number): RaggedBatch {
  const width = ids.shape.at(-1)!;
  return raggedBatch(
    Array.from({ length: count }, (_, row) => {
      const start = (first + row) * width;
      const length = mask.data.subarray(start, start + width).reduce((sum, one) => sum + one, 0);
      return ids.data.slice(start, start + length);
    }),
  );
}

/**
 * Trains for twenty steps; gives the losses.
 * @param check called where a step's gradients are there, before the update
 */
export async function replay(
  classifier: TextClassifier,
  check: (step: number) => void | Promise<void> = () => undefined,
): Promise<number[]> {
  const { graph, encoder, head } = classifier;
  const batches = readSafetensors(await goldenBytes("minilm/batches_first20.safetensors"));
  const [ids, mask, labels] = ["input_ids", "attention_mask", "labels"].map((name) => batches.tensor(name)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const optimizer = new AdamW(graph, classifier.params(), { lr: 1e-3 });
  const losses: number[] = [];
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    const batch = ragged(ids, mask, step * 16, 16);
    graph.step(() => {
      const logits = head.logits(encoder.pooled(batch, "classifier"));
      const loss = graph.crossEntropy(logits, labels.data.slice(step * 16, (step + 1) * 16));
      graph.backward(loss);
      losses.push(graph.value(loss).data[0]!);
    });
    await check(step);
    optimizer.step();
  }
  optimizer.dispose();
  return losses;
}
