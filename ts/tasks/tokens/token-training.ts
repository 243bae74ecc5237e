import { ConfigError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import type { FitReport } from "../../train/fit-options.js";
import { takeFitOptions } from "../../train/fit-settings.js";
import { fit } from "../../train/fit.js";
import type { BatchLoss } from "../../train/task.js";
import { atOnce, breather, type Steps } from "../../waiting/next-task.js";
import {
  type ClassifierTraining,
  type Lesson,
  type LessonOptions,
  readFitOptions,
  type TrainedClassifier,
  trainingOf,
} from "../head/classifier-training.js";
import { aligned, type LabelledText } from "./token-examples.js";
import type { TokenFitOptions } from "./token-options.js";
import { type TokenParts, trainedOf } from "./token-parts.js";

/** The targets of an example: classes of some of its tokens. */
export interface TokenTargets {
  readonly ids: Int32Array;
  /** Indices of those tokens. */
  readonly places: readonly number[];
  readonly targets: readonly number[];
}

/** Trains adapter and head on examples; see `TokenClassifier.fit`. */
export async function fitTokens(
  parts: TokenParts,
  examples: readonly LabelledText[],
  given: TokenFitOptions,
): Promise<FitReport> {
  const options = readFitOptions(given);
  const { encoder, tokenizer } = parts;
  // Words show invalid examples before any text is tokenized.
  const words = examples.flatMap(({ words }) => words.map(({ target }) => target).filter((target) => target >= 0));
  takeFitOptions(examples.length, tokenTraining(parts, words, options).options);
  // Nothing may be merged into the base meanwhile, even if only the head is trained.
  const { end } = encoder.adapterSet.begin(null);
  try {
    const prepared = examples.map((example, i) => {
      let made: TokenTargets | undefined;
      return { get: () => (made ??= atOnce(targetsOf("fit", tokenizer, example, i))) };
    });
    const breathe = breather(undefined);
    for (const one of prepared) {
      await breathe();
      // `fit` passes on a checkpoint before it ends, and needs no tokens for it.
      if (options.signal?.aborted) break;
      one.get();
    }
    const known = options.signal?.aborted ? words : prepared.flatMap((one) => one.get().targets);
    const { task, options: rest } = tokenTraining(parts, known, options);
    const { loss, memory } = task;
    return await fit(
      {
        ...task,
        loss: (some: readonly (typeof prepared)[number][]) => loss(some.map((one) => one.get())),
        memory: (some) => memory!(some.map((one) => one.get())),
      },
      prepared,
      rest,
    );
  } finally {
    end();
  }
}

/** The training by a classifier's options, for examples with such targets. Throws `ConfigError` for invalid options. */
export function tokenTraining(
  parts: TokenParts,
  targets: readonly number[],
  options: LessonOptions,
): ClassifierTraining<TokenTargets> {
  const { encoder, labels, modelAdapter, head } = parts;
  const trained: TrainedClassifier = {
    encoder,
    labels,
    modelAdapter,
    graph: encoder.graph,
    head: { params: () => trainedOf(head) },
  };
  return trainingOf(trained, options, lesson(parts, targets));
}

/** Tokens of an example's labelled words within the maximum length, in steps. Throws `ConfigError` if there are none. */
export function* targetsOf(
  op: string,
  tokenizer: TokenParts["tokenizer"],
  example: LabelledText,
  i: number,
): Steps<TokenTargets> {
  const { ids, tokens } = yield* aligned(tokenizer, example, i);
  const found = targetsAt(ids, tokens, example);
  checkHasTargets(op, found, tokenizer, i);
  return found;
}

/** Throws `ConfigError` if an example has no target left. */
export function checkHasTargets(
  op: string,
  { targets }: TokenTargets,
  { maxTokens }: Pick<TokenParts["tokenizer"], "maxTokens">,
  i: number,
): void {
  if (targets.length > 0) return;
  throw new ConfigError(
    `${op}: example ${i}: none of its words with a label has a token within the first ${maxTokens} tokens; remove the example`,
    { op, option: "examples", place: i },
  );
}

/** Targets at known tokens; an example may have no target left. @param tokens the token of each word */
export function targetsAt(ids: Int32Array, tokens: Int32Array, { words }: LabelledText): TokenTargets {
  const labelled = [...tokens.keys()].filter((w) => tokens[w]! >= 0 && words[w]!.target >= 0);
  return { ids, places: labelled.map((w) => tokens[w]!), targets: labelled.map((w) => words[w]!.target) };
}

const FLOAT = 4;

function lesson({ encoder, modelAdapter, labels, head }: TokenParts, targets: readonly number[]): Lesson<TokenTargets> {
  return {
    targets,
    loss(examples, weights, checkpointing): BatchLoss {
      const { graph, model, adapterSet } = encoder;
      const batch = raggedBatch(examples.map(({ ids }) => ids));
      const selection = adapterSet.selection(modelAdapter, batch.offsets);
      const hidden = head.before(model.forward(batch, selection, { checkpointing }), selection);
      const rows = examples.flatMap(({ places }, i) => places.map((place) => batch.offsets[i]! + place));
      const own = examples.flatMap((example) => example.targets);
      const logits: NodeId = head.out.logits(graph.embedding(hidden, rows));
      const sum = graph.crossEntropy(logits, own, { reduction: "sum", weight: weights });
      const weight = weights === undefined ? own.length : own.reduce((total, one) => total + weights[one]!, 0);
      return { sum, targets: own.length, weight, tokens: batch.ids.length };
    },
    memory(examples, checkpointing) {
      const { model } = encoder;
      const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
      const rows = examples.reduce((sum, { places }) => sum + places.length, 0);
      const step = { tokens, adapted: stepOfAdapter(model, modelAdapter?.config), checkpointing };
      // Selected rows and logits, each with its gradient.
      return model.stepMemory(step) + 2 * FLOAT * rows * (model.config.hiddenSize + labels.length);
    },
  };
}
