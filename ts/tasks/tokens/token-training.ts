import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { AdapterChoice } from "../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { notExpected } from "../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import type { InferOptions } from "../../models/sentence/encoder-options.js";
import { type InferenceEvents, inferTexts, type ReadRows } from "../../models/sentence/inference.js";
import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import { type FitReport, takeFitOptions } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import type { LogisticRegression, RegressionSettings } from "../../train/logistic/head-fit.js";
import type { BatchLoss } from "../../train/task.js";
import { atOnce, breather, inSteps, type Steps } from "../../waiting/next-task.js";
import {
  type ClassifierTraining,
  type Lesson,
  type LessonOptions,
  readFitOptions,
  type TrainedClassifier,
  trainingOf,
} from "../head/classifier-training.js";
import { encodingEvents, type FitHeadProgress, fitToVectors } from "../head/fit-head.js";
import { aligned, type LabelledText } from "./token-examples.js";
import { type TokenFitOptions, type TokenParts, trainedOf } from "./token-parts.js";
import type { TokenScores } from "./token-spans.js";

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
function* targetsOf(
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

/** The call that fits the last layer alone, for messages. */
const what = "fitHead";

/** Vectors of the labelled words of texts, the last layer's input. */
export interface WordVectors {
  readonly texts: readonly TokenTargets[];
  /** `[words, hidden]` of each text, row by row. */
  readonly rows: readonly Float32Array[];
}

/** The best last layer on the vectors of the examples' labelled words. */
export async function fitToWords(
  parts: TokenParts,
  examples: readonly LabelledText[],
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  if (examples.length === 0) throw notExpected(what, "one training example or more", examples);
  checkHasBias(parts);
  const targets = inSteps(examples.entries(), ([i, example]) => targetsOf(what, parts.tokenizer, example, i));
  const events = encodingEvents(settings, examples.length);
  return fitToWordVectors(parts, await wordVectors(parts, targets, parts.modelAdapter, events), settings);
}

/** Computes the vectors of labelled words; texts are read batch by batch. */
export async function wordVectors(
  parts: TokenParts,
  given: Iterable<TokenTargets | null>,
  adapter: ModelAdapter | null,
  events: InferenceEvents,
): Promise<WordVectors> {
  const { graph, model } = parts.encoder;
  const { hiddenSize } = model.config;
  const texts: TokenTargets[] = [];
  function* tokens() {
    for (const text of given) {
      if (text !== null) texts.push(text);
      yield text && text.ids;
    }
  }
  const read = async (hidden: NodeId, first: number, count: number) => {
    const batch = texts.slice(first, first + count);
    let start = 0;
    const places = batch.flatMap((text) => {
      const own = text.places.map((place) => start + place);
      start += text.ids.length;
      return own;
    });
    const { data } = await graph.read(graph.embedding(hidden, places));
    let at = 0;
    return batch.map(({ places: { length } }) => data.slice(at, (at += length * hiddenSize)));
  };
  const rows = await inferTokens(parts, tokens(), adapter, read, events);
  return { texts, rows };
}

/** The best last layer on vectors of words. The words of a text are held out together. */
export function fitToWordVectors(
  { encoder: { graph, model }, labels }: TokenParts,
  { texts, rows }: WordVectors,
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  const { hiddenSize } = model.config;
  const vectors = rows.flatMap((row) =>
    Array.from({ length: row.length / hiddenSize }, (_, i) => row.subarray(i * hiddenSize, (i + 1) * hiddenSize)),
  );
  const targets = texts.flatMap((text) => text.targets);
  const groups = texts.flatMap((text, i) => text.targets.map(() => i));
  return fitToVectors(graph, vectors, targets, labels.length, { ...settings, groups });
}

function checkHasBias({ head, encoder: { name } }: TokenParts): void {
  if (head.hasBias) return;
  throw new UnsupportedError(`${what}: the head of ${name} has no bias, and fitHead needs one; train it with \`fit\``, {
    op: what,
    model: name,
  });
}

/** What computing the scores of a token classifier needs. */
export type Asked = Omit<InferOptions, "adapters">;

/** Computes the vectors of all tokens of texts, `[tokens, hidden]`, the last layer's input; other tasks need one vector of each text. */
function inferTokens(
  { encoder: { graph, model, adapterSet }, head }: Pick<TokenParts, "encoder" | "head">,
  texts: Iterable<Int32Array | null>,
  adapter: AdapterChoice,
  read: ReadRows,
  events: InferenceEvents,
): Promise<Float32Array[]> {
  const pool = (_: Graph, hidden: NodeId, __: Int32Array, ___: number | undefined, selection?: AdapterSelection) =>
    head.before(hidden, selection ?? []);
  return inferTexts({ graph, model, adapterSet, pooling: { pool } }, texts, adapter, read, events);
}

/** Tokens of each text and their logits, with adapter and head as they are at the call. */
export function scoresOf(
  parts: TokenParts,
  texts: readonly string[],
  adapter: AdapterChoice,
  events: InferenceEvents,
): Promise<TokenScores[]> {
  const tokens = inSteps(texts, (text) => parts.tokenizer.offsetSteps(text));
  return scoresOfTokens(parts, tokens, adapter, events);
}

/** Scores of texts whose tokens are known, or are read batch by batch. */
export async function scoresOfTokens(
  { encoder, head, labels }: Pick<TokenParts, "encoder" | "head" | "labels">,
  texts: Iterable<TokensInText | null>,
  adapter: AdapterChoice,
  events: InferenceEvents,
): Promise<TokenScores[]> {
  const { graph } = encoder;
  const tokens: TokensInText[] = [];
  function* ids() {
    for (const text of texts) {
      if (text !== null) tokens.push(text);
      yield text && text.ids;
    }
  }
  const logitsOf = head.out.snapshot();
  const read = async (hidden: NodeId, first: number, count: number) => {
    const { data } = await graph.read(logitsOf(hidden));
    let at = 0;
    return tokens.slice(first, first + count).map(({ ids }) => {
      const own = data.slice(at, at + ids.length * labels.length);
      at += own.length;
      return own;
    });
  };
  const rows = await inferTokens({ encoder, head }, ids(), adapter, read, events);
  return rows.map((logits, i) => ({ ...tokens[i]!, logits }));
}
