import { raggedBatch } from "../../../models/ragged-batch.js";
import { balancedOrder } from "../../../train/balanced-order.js";
import type { FitOptions } from "../../../train/fit-options.js";
import { takeFitOptions } from "../../../train/fit-settings.js";
import { loraPlusInOrder } from "../../../train/lora-plus-in-order.js";
import type { TaskTraining } from "../../../training/task-definition.js";
import type { TextClassifier } from "../../text-classifier.js";
import type { ClassifierSettings } from "../settings.js";
import type { TokenizedText } from "../tokenized-text.js";

/**
 * Trains the adapter on all pairs of a batch's texts: the cosine of two vectors shall be 1 for texts of one class and 0 for others, by the
 * mean squared error, as SetFit does. A text is encoded once for all its pairs. Each class is in a batch equally often.
 */
export function pairTraining(
  classifier: TextClassifier,
  train: readonly TokenizedText[],
  options: FitOptions,
  { checkpointing, loraPlusRatio }: ClassifierSettings,
): TaskTraining<TokenizedText> {
  const { graph, encoder, modelAdapter: adapter } = classifier;
  const { batchSize, seed } = takeFitOptions(train.length, options);
  const targets = train.map(({ target }) => target);
  const order = balancedOrder(targets, Math.min(batchSize, train.length), seed, graph.engine);
  return {
    options: { ...options, order },
    task: {
      graph,
      params: () => adapter!.params(),
      ...(loraPlusRatio !== null && { groups: () => loraPlusInOrder(adapter!, loraPlusRatio, options) }),
      loss(texts) {
        encoder.adapterSet.checkTrainable(adapter);
        const batch = raggedBatch(texts.map(({ ids }) => ids));
        const vectors = graph.normalize(encoder.pooled(batch, adapter, { checkpointing }));
        const cosines = graph.matmul(vectors, vectors, { transposeB: true });
        const pairs = texts.length * texts.length;
        const same = Float32Array.from({ length: pairs }, (_, i) => {
          const [a, b] = [texts[Math.floor(i / texts.length)]!, texts[i % texts.length]!];
          return a.target === b.target ? 1 : 0;
        });
        const goal = graph.constant({ shape: [texts.length, texts.length], data: same });
        return { sum: graph.mseLoss(cosines, goal, { reduction: "sum" }), targets: pairs, tokens: batch.ids.length };
      },
      memory: (texts) => classifier.memory(texts, { checkpointing }),
    },
  };
}
