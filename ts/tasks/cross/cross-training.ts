import { object, oneOf, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { pairBatch } from "../../models/ragged-batch.js";
import { pooledBy } from "../../models/sentence/pooling.js";
import { dataCopy } from "../../models/sentence/training/fit-options.js";
import type { PairTokens, PairTokenizer } from "../../tokenize/pair-tokens.js";
import { type FitOptions, takeFitOptions } from "../../train/fit-options.js";
import {
  crossEncoderLoss,
  type CrossEncoderLossName,
  type CrossEncoderLossOptions,
} from "../../train/losses/cross-encoder-loss.js";
import { GREATEST_GRADE } from "../../train/losses/list-losses.js";
import type { BatchLoss, Task } from "../../train/task.js";
import { type Lesson, readFitOptions, trainingOf } from "../head/classifier-training.js";
import type { CrossParts } from "./cross-head.js";
import {
  type CrossExample,
  type CrossFitOptions,
  type ExampleForm,
  type TakenExample,
  takeExamples,
} from "./cross-examples.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

/** The order of training for losses that have other examples' texts. */
const sampling = /* @__PURE__ */ lazyChunk(async () => {
  const { noDuplicatesOrder, inEpochsOf } = await import("../../models/sentence/training/batch-samplers.js");
  return { noDuplicatesOrder, inEpochsOf };
});

/** The losses for each form of examples; the first is the default for one label. */
const losses: Readonly<Record<ExampleForm, readonly CrossEncoderLossName[]>> = {
  pairs: ["binary-cross-entropy", "cross-entropy", "mse"],
  lists: ["lambda", "rank-net", "list-net", "list-mle", "plist-mle", "adr-mse"],
  positives: ["multiple-negatives-ranking", "cached-multiple-negatives-ranking", "margin-mse"],
};

/** An example in tokens: all its pairs. Tokenized when a step first needs it. */
export interface TokenizedExample extends TakenExample {
  pair(query: string, text: string): PairTokens;
}

/** The parts of a cross-encoder used in training. */
export interface TrainedCross extends Omit<CrossParts, "ownsEncoder" | "activation"> {
  readonly tokenizer: Pick<PairTokenizer, "encode">;
}

/** The training of a cross-encoder by its options. Throws `ConfigError` for invalid ones, and for examples that do not fit the loss. */
export function crossTraining(
  cross: TrainedCross,
  examples: readonly CrossExample[],
  given: CrossFitOptions,
): {
  readonly task: Task<TokenizedExample>;
  readonly examples: readonly TokenizedExample[];
  readonly options: FitOptions;
  /** Whether the loss compares each query with texts of others in its batch. */
  readonly inBatch: boolean;
} {
  const own = readFitOptions<CrossFitOptions>(given, ["loss", "lossOptions", "negatives"]);
  const { loss: asked, lossOptions: ofLoss = {}, negatives = 4, ...options } = own;
  const { labels: names, encoder, head, modelAdapter, tokenizer } = cross;
  const { graph } = encoder;
  const { form, taken } = takeExamples(examples, names);
  const byDefault = form === "pairs" && names.length > 1 ? "cross-entropy" : losses[form][0]!;
  const loss = oneOf("fit", "loss", asked ?? byDefault, Object.values(losses).flat());
  if (!losses[form].includes(loss))
    throw new ConfigError(`fit: the loss "${loss}" is not for examples of this form; ${losses[form].join(", ")} are`, {
      op: "fit",
      option: "loss",
      value: loss,
      allowed: losses[form],
    });
  if (form !== "pairs" && names.length > 1)
    throw new ConfigError(`fit: the loss "${loss}" orders texts by one score, and there are ${names.length} labels`, {
      op: "fit",
      option: "loss",
      actual: names.length,
    });
  if (negatives !== null) whole("fit", "negatives", negatives, 0);
  object("fit", "lossOptions", ofLoss);
  const lossOptions = dataCopy("lossOptions", ofLoss);
  checkTaken(taken, loss, names.length, lossOptions);
  const pair = (query: string, text: string) => tokenizer.encode(query, text);
  const tokenized = taken.map((example) => ({ ...example, pair }));
  const lesson = { targets: tokenized.map((_, i) => i), ...crossLesson(cross, loss, lossOptions, negatives) };
  const trained = trainingOf({ encoder, graph, labels: names, modelAdapter, head }, options, lesson);
  const hasOthers = form === "positives" && loss !== "margin-mse" && negatives !== 0;
  return { ...trained, examples: tokenized, inBatch: hasOthers };
}

/** Loss and memory of a step on some examples. */
export function crossLesson<E extends TokenizedExample>(
  cross: TrainedCross,
  loss: CrossEncoderLossName,
  lossOptions: CrossEncoderLossOptions,
  negatives: number | null,
): Omit<Lesson<E>, "targets"> {
  const { encoder, head, modelAdapter } = cross;
  const { graph } = encoder;
  const made = (part: readonly TokenizedExample[]) => pairsOf(part, loss, negatives);
  return {
    loss(part: readonly TokenizedExample[], _: Float32Array | undefined, checkpointing: boolean): BatchLoss {
      const { pairs, columns, labels } = made(part);
      const batch = pairBatch(pairs);
      const selection = encoder.adapterSet.selection(modelAdapter, batch.offsets);
      const { model } = encoder;
      const vectors = pooledBy({ graph, model, pooling: head.pooling }, batch, selection, { checkpointing });
      const logits = head.logits(vectors);
      const mean = lossOf(graph, loss, { logits, columns, rows: part.length, labels }, lossOptions);
      // `fit` divides by the number of examples.
      return {
        sum: graph.mul(mean, graph.constant({ shape: [], data: Float32Array.of(part.length) })),
        targets: part.length,
        tokens: batch.ids.length,
      };
    },
    memory(part: readonly TokenizedExample[], checkpointing: boolean): number {
      const tokens = made(part).pairs.reduce((sum, { length }) => sum + length, 0);
      const { model } = encoder;
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, modelAdapter?.config), checkpointing });
    },
  };
}

/**
 * The options of `fit`, with an order of batches in which no text is twice where the loss compares a query with texts of others: a text
 * would count against itself. Rejects with `ConfigError` if there is no such batch.
 */
export async function orderedOptions(
  { options, examples, inBatch }: Pick<ReturnType<typeof crossTraining>, "options" | "examples" | "inBatch">,
  { engine }: Graph,
): Promise<FitOptions> {
  if (!inBatch || options.order !== undefined || examples.length === 1) return options;
  const { batchSize, seed, steps } = takeFitOptions(examples.length, options);
  const rows = examples.map(({ query, texts }) => ({ texts: [query, texts[0]!] }));
  const from = Math.min(options.resume?.step ?? 0, steps);
  const size = Math.min(batchSize, examples.length);
  // Batches of one example have no other's texts.
  if (size === 1) return options;
  const { noDuplicatesOrder, inEpochsOf } = await sampling();
  const order = await noDuplicatesOrder(rows, size, seed, engine, { from, signal: options.signal });
  if (order !== null) return inEpochsOf(order, options);
  throw new ConfigError(
    "fit: any two examples have a text in common, which would count against itself; add other examples, or set negatives to 0",
    { op: "fit", option: "negatives" },
  );
}

/** The pairs of a step, and the number of columns that a loss of positives sees their logits in. */
function pairsOf(part: readonly TokenizedExample[], loss: CrossEncoderLossName, negatives: number | null) {
  const pairs: PairTokens[] = [];
  const add = (example: TokenizedExample, text: string) => pairs.push(example.pair(example.query, text));
  const labels = part.map((example) => example.labels);
  if (!losses.positives.includes(loss)) {
    for (const example of part) for (const text of example.texts) add(example, text);
    return { pairs, columns: 1, labels };
  }
  // Column by column: all positives, texts of other queries, then each example's own negatives.
  const own = Math.min(...part.map(({ texts }) => texts.length));
  const inBatch = loss === "margin-mse" ? 0 : (part.length - 1) * own;
  const others = Math.min(negatives ?? inBatch, inBatch);
  for (const example of part) add(example, example.texts[0]!);
  // The next example's positive and negatives, then those of the one after it.
  for (let other = 0; other < others; other++)
    for (const [i, example] of part.entries())
      add(example, part[(i + 1 + Math.floor(other / own)) % part.length]!.texts[other % own]!);
  for (let n = 1; n < own; n++) for (const example of part) add(example, example.texts[n]!);
  return { pairs, columns: others + own, labels };
}

/** The logits of some examples, and what is known of them. */
export interface Logits {
  /** `[pairs, labels]` */
  readonly logits: NodeId;
  readonly columns: number;
  /** Number of examples. */
  readonly rows: number;
  readonly labels: readonly (readonly number[])[];
}

/** The mean loss of examples, of their logits in the order in which a step has them. */
export function lossOf(
  graph: Graph,
  loss: CrossEncoderLossName,
  { logits, columns, rows, labels }: Logits,
  options: CrossEncoderLossOptions,
): NodeId {
  if (!losses.positives.includes(loss)) {
    const given = losses.lists.includes(loss) ? labels : labels.map(([label]) => label!);
    return crossEncoderLoss(graph, loss, [logits], { ...options, labels: given });
  }
  const split = Array.from({ length: columns }, (_, i) =>
    graph.slice(logits, { dim: 0, start: i * rows, end: (i + 1) * rows }),
  );
  // One example without negatives has nothing to be compared with, and the loss 0.
  if (loss !== "margin-mse") return crossEncoderLoss(graph, loss, split, { ...options, batchSize: rows });
  const [first] = labels;
  const teacher = first!.length === 1 ? labels.map(([label]) => label!) : labels;
  return crossEncoderLoss(graph, loss, split, { ...options, labels: teacher });
}

/** Throws `ConfigError` for labels that the loss cannot take. */
function checkTaken(
  taken: readonly TakenExample[],
  loss: CrossEncoderLossName,
  classes: number,
  options: CrossEncoderLossOptions,
): void {
  const fail = (place: number, problem: string) =>
    new ConfigError(`fit: example ${place}: ${problem}`, { op: "fit", option: "examples", place });
  if (loss === "cross-entropy")
    taken.forEach(({ labels: [label] }, i) => whole("fit", `label of example ${i}`, label, 0, classes - 1));
  if (loss === "binary-cross-entropy" && classes === 1)
    taken.forEach(({ labels: [label] }, i) => {
      if (!(label! >= 0 && label! <= 1)) throw fail(i, `label must be from 0 to 1, got ${label}`);
    });
  const isOfPairs = loss === "lambda" || loss === "rank-net";
  const isWeighted = isOfPairs && (options.weightingScheme ?? (loss === "lambda" ? null : "none")) !== "none";
  taken.forEach(({ labels }, i) =>
    labels.forEach((label) => {
      if (isWeighted && label > GREATEST_GRADE)
        throw fail(i, `a grade must be at most ${GREATEST_GRADE}, since its gain is 2^grade − 1, got ${label}`);
    }),
  );
  if (!losses.positives.includes(loss)) return;
  const [first] = taken;
  taken.forEach(({ texts, labels }, i) => {
    if (texts.length !== first!.texts.length)
      throw fail(
        i,
        `there are ${texts.length - 1} negatives, and example 0 has ${first!.texts.length - 1}; all have as many`,
      );
    const most = texts.length;
    if (
      loss === "margin-mse" &&
      (labels.length !== first!.labels.length || (labels.length !== most && labels.length !== most - 1))
    )
      throw fail(i, `scores must be ${most - 1} differences or ${most} scores, got ${labels.length}`);
  });
}
