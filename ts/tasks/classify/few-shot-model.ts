import type { NodeId } from "../../graph/graph.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import { balancedOrder } from "../../train/batch-order.js";
import { type FitOptions, type FitReport, loraPlusInOrder, takeFitOptions } from "../../train/fit-options.js";
import { fitLogisticRegression } from "../../train/logistic/logistic-regression.js";
import type { RunOutcome } from "../../training/report.js";
import type { FinalFit, TaskTraining, TokenizedParts } from "../../training/task-definition.js";
import type { MeasureEvents } from "../../training/job-events.js";
import { balanceOf } from "../head/class-weights.js";
import type { TokenizedText } from "./dataset.js";
import type { ClassifierSettings } from "./settings.js";
import type { TextClassifier } from "./text-classifier.js";
import { TextModel } from "./text-model.js";

/** A classifier whose adapter is trained on pairs of texts, and whose head is fitted to the trained vectors. */
export class FewShotModel extends TextModel {
  /** The adapter's alone: the head is no part of training. */
  override params(): NodeId[] {
    return this.classifier.modelAdapter!.params();
  }

  override training(train: readonly TokenizedText[], options: FitOptions): TaskTraining<TokenizedText> {
    return {
      ...pairTraining(this.classifier, train, options, this.settings),
      checkpointing: this.settings.checkpointing,
      // The head belongs to the vectors of the step that is measured.
      evaluator: {
        measure: async (examples, events) => {
          await this.fitHead(train, events);
          return this.measure(examples, events);
        },
      },
    };
  }

  /** A loss of pairs says nothing about guessing classes. */
  override guessing(): null {
    return null;
  }

  override async finish(
    state: object,
    parts: TokenizedParts<TokenizedText>,
    steps: FitReport | null,
  ): Promise<RunOutcome> {
    await this.fitHead(parts.train, this.events("encode-train", parts.train));
    const outcome = await super.finish(state, parts, steps);
    // The loss of training is of pairs: guessing a class is no yardstick for it.
    return { ...outcome, curve: { ...outcome.curve, ofClasses: false } };
  }

  override reads(tokens: TokenizedParts<number>): { baseline: number; finish: number } {
    const { baseline, finish } = super.reads(tokens);
    return { baseline, finish: finish + tokens.train.reduce((sum, count) => sum + count, 0) };
  }

  override get finalFit(): FinalFit<TokenizedText> {
    return {
      reads: (all) => all.reduce((sum, count) => sum + count, 0),
      begin: async (_, validated) => {
        this.classifier.calibrated = validated;
      },
      end: (all) => this.fitHead(all, this.events("encode-train", all)),
    };
  }

  /**
   * Fits the head to the vectors that encoder and adapter give now: logistic regression with scikit-learn's C of 1 for vectors of length 1.
   * The head gets them as they are, so C is divided by the square of their mean length.
   */
  private async fitHead(train: readonly TokenizedText[], events: MeasureEvents): Promise<void> {
    const { graph, modelAdapter, labels } = this.classifier;
    const targets = train.map(({ target }) => target);
    const vectors = await this.rows(train, modelAdapter, (pooled) => pooled, events);
    const length =
      vectors.reduce((sum, vector) => sum + Math.sqrt(vector.reduce((all, x) => all + x * x, 0)), 0) / vectors.length;
    const { classWeights, seed } = this.settings;
    const fitted = await fitLogisticRegression(graph, vectors, targets, labels.length, {
      regularisation: 1 / Math.max(length * length, 1e-12),
      seed,
      classWeights: balanceOf({ ...(classWeights !== null && { classWeights }) }, labels, targets),
      ...(events.signal && { signal: events.signal }),
    });
    this.setHead(fitted);
  }
}

/**
 * Trains the adapter on all pairs of a batch's texts: the cosine of two vectors shall be 1 for texts of one class and 0 for others, by the
 * mean squared error, as SetFit does. A text is encoded once for all its pairs. Each class is in a batch equally often.
 */
function pairTraining(
  classifier: TextClassifier,
  train: readonly TokenizedText[],
  options: FitOptions,
  { checkpointing, loraPlusRatio }: ClassifierSettings,
): Pick<TaskTraining<TokenizedText>, "task" | "options"> {
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
