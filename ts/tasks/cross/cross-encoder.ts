import { LORA_OPTIONS } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { oneOf, text as textOption, whole } from "../../arguments/settings.js";
import { ConfigError, StaleNodeError, UnsupportedError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { pairBatch } from "../../models/ragged-batch.js";
import { takeInferOptions, takeTexts } from "../../models/sentence/encoder-options.js";
import { inferTexts, rowsOf } from "../../models/sentence/inference.js";
import { takeSavedBase } from "../../models/sentence/saved-encoder.js";
import { checkUsable, type SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { PairTokenizer } from "../../tokenize/pair-tokens.js";
import type { FitReport } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { inSteps } from "../../waiting/next-task.js";
import { checkEncoder, disposeTrained } from "../head/classifier-parts.js";
import type { CrossExample, CrossFitOptions } from "./cross-examples.js";
import { type AnswerHead, CrossHead, type CrossParts, type HeadTensors } from "./cross-head.js";
import {
  activationNames,
  type CrossActivation,
  type CrossCallOptions,
  type CrossEncoderOptions,
  defaultActivation,
  labelNames,
  type LoadCrossEncoderOptions,
  type PredictPairsOptions,
  type RankedText,
  type RankOptions,
  type SaveCrossEncoderOptions,
  scoresOf,
  takePairs,
} from "./cross-options.js";
import { crossTraining, orderedOptions } from "./cross-training.js";
import { isLanguageModel, openCross } from "./open-cross.js";
import type { SavedAnswers, SavedCross } from "./save-cross.js";

/** The score of a pair: a number for one label, a list for several. */
type ScoreOf<Labels> = Labels extends 1 ? number : Labels extends number | readonly string[] ? number[] : never;

/**
 * A cross-encoder: reads two texts together and scores how well they fit, or which class the pair has. It is slower than comparing the vectors
 * of a `SentenceEncoder` and more exact, so it reorders the best texts of a search.
 *
 * @example
 * const reranker = await CrossEncoder.load("./ms-marco-MiniLM-L6-v2");
 * const [best] = await reranker.rank("How long does an egg boil?", texts, { topK: 1 });
 */
export class CrossEncoder<Score extends number | number[] = number> {
  /** The encoder under the head; dispose of it when done, unless the cross-encoder came from `load`. */
  readonly encoder: SentenceEncoder;
  /** Names of the logits; "LABEL_0" if there is only a score. */
  readonly labels: readonly string[];
  /** What makes scores of logits, unless a call says otherwise. */
  readonly activation: CrossActivation;
  /** @internal The head. */
  readonly head: CrossHead | AnswerHead;
  /** @internal Its adapter; null if only the head is trained. */
  readonly modelAdapter: ModelAdapter | null;
  /** @internal Turns pairs into tokens. */
  readonly tokenizer: Pick<PairTokenizer, "encode" | "encodeSteps">;
  private readonly ownsEncoder: boolean;
  /** @internal Whether it was disposed. */
  disposed = false;

  private constructor({ encoder, head, labels, modelAdapter, activation, ownsEncoder }: CrossParts) {
    this.encoder = encoder;
    this.head = head;
    this.labels = Object.freeze([...labels]);
    this.modelAdapter = modelAdapter;
    this.activation = activation;
    this.ownsEncoder = ownsEncoder;
    this.tokenizer =
      head.pairs ?? new PairTokenizer(encoder.tokenizer, encoder.layout.tokenizerConfig, hasTypes(encoder));
  }

  /**
   * Adds an adapter to an encoder, unless `lora` is null, and a new head as transformers puts one on such a model. Both stay until `dispose`.
   * Throws `ConfigError` for invalid options or an adapter's name that is in use.
   */
  static create<const Labels extends number | readonly string[] = 1>(
    encoder: SentenceEncoder,
    options?: CrossEncoderOptions & { readonly labels?: Labels },
  ): CrossEncoder<ScoreOf<Labels>>;
  /** @internal With the tensors of a head in place of a new one, by their names in a file. */
  static create(
    encoder: SentenceEncoder,
    options: CrossEncoderOptions,
    ready: HeadTensors | null,
  ): CrossEncoder<number | number[]>;
  static create(
    encoder: SentenceEncoder,
    options: CrossEncoderOptions = {},
    ready: HeadTensors | null = null,
  ): CrossEncoder<number | number[]> {
    const what = "CrossEncoder.create";
    checkOptions(what, options, ["labels", "lora", "adapter", "activation"], { lora: LORA_OPTIONS });
    const { labels: given = 1, lora = {}, adapter = "cross-encoder", activation } = options;
    checkEncoder(what, encoder);
    const labels = labelNames(what, given);
    if (activation !== undefined) oneOf(what, "activation", activation, activationNames);
    checkUsable(what, encoder);
    const { graph, model, headPlan, adapterSet } = encoder;
    if (isLanguageModel(headPlan))
      throw new UnsupportedError(
        `${what}: a language model is a cross-encoder by its own answers: \`CrossEncoder.load\` opens it`,
        { op: what },
      );
    const parts = graph.allOrNothing(() => {
      const modelAdapter = lora === null ? null : adapterSet.add(adapter, lora, { what, classifier: true });
      try {
        const head = graph.allOrNothing(() =>
          ready === null
            ? CrossHead.create(graph, model, headPlan, labels.length)
            : new CrossHead(graph, model, headPlan, ready),
        );
        return { modelAdapter, head };
      } catch (error) {
        if (modelAdapter !== null) adapterSet.remove(modelAdapter.name);
        throw error;
      }
    });
    const chosen = activation ?? defaultActivation(labels.length);
    return new CrossEncoder({ ...parts, encoder, labels, activation: chosen, ownsEncoder: false });
  }

  /**
   * Opens a cross-encoder with its encoder: a checkpoint of transformers' `AutoModelForSequenceClassification`, as sentence-transformers saves
   * one, or a folder with PEFT's adapter and head on a base. `dispose` frees both.
   *
   * @param source as of `SentenceEncoder.load`
   * @param options.model the base of a folder with an adapter; default: the one that the adapter names
   * @param options.lora options of an adapter to train together with the head of a checkpoint
   * Throws as `SentenceEncoder.load`, and `ModelError` if there is no head.
   */
  static async load<Score extends number | number[] = number>(
    source: string | FileMap | ModelSource,
    options: LoadCrossEncoderOptions = {},
  ): Promise<CrossEncoder<Score>> {
    return new CrossEncoder<Score>(await openCross(source, options));
  }

  /** Name of its adapter in the encoder; null if only the head is trained. */
  get adapter(): string | null {
    return this.modelAdapter?.name ?? null;
  }

  /** The encoder's graph, which contains head and adapter. */
  get graph(): Graph {
    return this.encoder.graph;
  }

  /** Parameters of adapter (if any) and head. */
  params(): NodeId[] {
    return [...(this.modelAdapter?.params() ?? []), ...this.head.params()];
  }

  /**
   * The scores of pairs, in order: for each a number, or for several labels a list with one for each.
   *
   * @param options.activation what makes scores of logits; default: the model's, as sentence-transformers has it ("sigmoid" for one label,
   *   "identity" for several, unless its files say otherwise)
   */
  async predict(pairs: readonly (readonly [string, string])[], options: PredictPairsOptions = {}): Promise<Score[]> {
    const { activation = this.activation, ...others } = takeActivation("predict", options);
    const logits = await this.ask("predict", takePairs("predict", pairs), others);
    return logits.map((row) => scoresOf(activation, row)) as Score[];
  }

  /** Logits of pairs, `[labels]` each, with adapter and head as they are at the call. */
  async logits(pairs: readonly (readonly [string, string])[], options: CrossCallOptions = {}): Promise<Float32Array[]> {
    return this.ask("logits", takePairs("logits", pairs), options);
  }

  /**
   * Texts in the order of their scores for a query, the best first; equal ones in the order given. Throws `ConfigError` if there are several
   * labels.
   *
   * @param options.topK number of texts to return; default: all
   */
  async rank(query: string, texts: readonly string[], options: RankOptions = {}): Promise<RankedText[]> {
    const { topK, activation = this.activation, ...others } = takeActivation<RankOptions>("rank", options, ["topK"]);
    if (topK !== undefined) whole("rank", "topK", topK, 1);
    textOption("rank", "query", query);
    if (this.labels.length > 1)
      throw new ConfigError(`rank: one score orders texts, and this cross-encoder has ${this.labels.length} labels`, {
        op: "rank",
        actual: this.labels.length,
      });
    const pairs = takeTexts("rank", texts).map((of): [string, string] => [query, of]);
    const logits = await this.ask("rank", pairs, others);
    const ranked = pairs.map(([, text], index) => ({
      index,
      text,
      score: scoresOf(activation, logits[index]!) as number,
    }));
    // NaN is no score: such texts come last.
    const order = (score: number) => (Number.isNaN(score) ? -Infinity : score);
    return ranked.sort((a, b) => order(b.score) - order(a.score) || a.index - b.index).slice(0, topK);
  }

  /** Token ids of pairs, with special tokens. */
  tokenize(pairs: readonly (readonly [string, string])[]): Int32Array[] {
    return takePairs("tokenize", pairs).map(([first, second]) => this.tokenizer.encode(first, second).ids);
  }

  /**
   * Trains adapter and head together. Other calls on the encoder may run at the same time. Throws `ConfigError` for examples that are not of
   * the loss's form, and while an adapter is merged into the base; see `fit` for the rest.
   *
   * @param examples `{ query, text, label }` for one pair each; `{ query, texts, labels }` for a list with grades; `{ query, positive,
   *   negatives }`, with `scores` for "margin-mse"
   * @param options.loss default by the form of the examples: "binary-cross-entropy" ("cross-entropy" for several labels), "lambda" for
   *   lists, "multiple-negatives-ranking" for positives
   */
  async fit(examples: readonly CrossExample[], options: CrossFitOptions = {}): Promise<FitReport> {
    this.checkUsable("fit");
    if (this.params().length === 0)
      throw new ConfigError("fit: a language model's output layer is not trained: load it with an adapter, `lora`", {
        op: "fit",
      });
    const training = crossTraining(this, examples, options);
    // Nothing may be merged into the base meanwhile, even if only the head is trained.
    const { end } = this.encoder.adapterSet.begin(null);
    try {
      return await fit(training.task, training.examples, await orderedOptions(training, this.graph));
    } finally {
      end();
    }
  }

  /**
   * The files of a folder that `CrossEncoder.load` and Python's `CrossEncoder` open: PEFT's files of adapter and head, or with `merged`, or
   * without an adapter, the whole model as transformers' `AutoModelForSequenceClassification`; the tokenizer, settings and a model card. In
   * memory, as adapter and head are at the call. Rejects as `SentenceEncoder.save`.
   *
   * An adapter's folder does not say to Python how many labels there are: `CrossEncoder(folder, num_labels=3)` opens one with three.
   */
  async save(options: SaveCrossEncoderOptions = {}): Promise<SavedFiles> {
    this.checkUsable("save");
    const saved = takeSavedCross(this, options);
    return (await crossSaver())(saved);
  }

  /**
   * Frees adapter and head, and the encoder too if `load` loaded it. Throws `ConfigError` while they are trained or merged. Safe to call
   * twice.
   */
  dispose(): void {
    if (this.disposed) return;
    const { encoder, modelAdapter, head, ownsEncoder } = this;
    const trained = modelAdapter === null && !encoder.graph.gone ? head.params() : [];
    disposeTrained({ encoder, modelAdapter, ownsEncoder }, "the cross-encoder", head.all(), trained);
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private async ask(what: string, pairs: readonly [string, string][], options: CrossCallOptions) {
    this.checkUsable(what);
    checkOptions(what, options, ["signal", "onProgress"]);
    const { signal, onProgress } = takeInferOptions(what, options);
    const { encoder, head, modelAdapter, tokenizer } = this;
    const { pooling, logits } = head.snapshot();
    const { graph, model, adapterSet } = encoder;
    const parts = { graph, model, adapterSet, pooling, batchOf: pairBatch };
    const tokens = inSteps(pairs, ([first, second]) => tokenizer.encodeSteps(first, second));
    return inferTexts(parts, tokens, modelAdapter, rowsOf(graph, logits), { signal, onProgress });
  }

  private checkUsable(what: string): void {
    if (!this.disposed) {
      checkUsable(what, this.encoder);
      const { modelAdapter, encoder } = this;
      if (modelAdapter === null || encoder.adapterSet.has(modelAdapter)) return;
      throw new ConfigError(
        `${what}: the adapter of this cross-encoder was removed from its encoder: load or create the cross-encoder again`,
        { op: what, option: "adapter", reason: "removed" },
      );
    }
    throw new StaleNodeError(`${what}: this cross-encoder was disposed; load or create it again`, {
      op: what,
      reason: "disposed",
    });
  }
}

/** A copy of a call's options with a checked activation. */
function takeActivation<T extends PredictPairsOptions>(what: string, options: T, more: readonly string[] = []): T {
  checkOptions(what, options, ["activation", "signal", "onProgress", ...more]);
  const { activation } = options;
  if (activation !== undefined) oneOf(what, "activation", activation, activationNames);
  return { ...options };
}

/** Writes cross-encoders' folders. */
export const crossSaver = /* @__PURE__ */ lazyChunk(async () => (await import("./save-cross.js")).saveCross);

/** A copy of what is to be saved, before anything is awaited. Throws `ConfigError` for invalid options. */
function takeSavedCross(
  cross: Omit<CrossParts, "ownsEncoder">,
  options: SaveCrossEncoderOptions,
): SavedCross | SavedAnswers {
  checkOptions("save", options, ["merged", "base", "metrics", "signal"]);
  const { encoder, head, labels, activation, modelAdapter } = cross;
  if (head.pairs !== null) {
    const { answers } = head;
    return { ...takeSavedBase(encoder, modelAdapter, options), activation, answers, prefix: encoder.headPlan.prefix };
  }
  const tensors = new Map([...head.tensors()].map(([name, tensor]) => [head.fileName(name), tensor] as const));
  const { plan } = head;
  return {
    ...takeSavedBase(encoder, modelAdapter, options),
    plan,
    labels,
    activation,
    head: tensors,
    modules: head.modules(),
    hasTypes: hasTypes(encoder),
  };
}

/** Whether a model has an embedding for the second text's tokens. */
const hasTypes = ({ model }: SentenceEncoder): boolean =>
  model.tables.some(({ path, rows }) => path.endsWith("token_type_embeddings") && rows > 1);
