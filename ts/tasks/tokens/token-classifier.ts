import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkNothing, checkOptions, WRITE_THEM } from "../../arguments/options.js";
import { flag, oneOf } from "../../arguments/settings.js";
import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { takeInferOptions, takeTexts } from "../../models/sentence/encoder-options.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { disposeTrained, type LoadClassifierOptions } from "../head/classifier-parts.js";
import type { FitReport } from "../../train/fit-options.js";
import { writeHead, writeLabelsBeside } from "../head/classifier-files.js";
import { type FitHeadReport, setFitted, takeFitHeadOptions } from "../head/fit-head.js";
import { LabelIndex, takeAsked, takeTokenExamples, type TokenExample } from "./token-examples.js";
import { type Asked, fitTokens, fitToWords, scoresOf } from "./token-training.js";
import { openedTokenParts } from "./open-tokens.js";
import {
  loadedTokenParts,
  newTokenParts,
  type OpenTokenClassifierOptions,
  type TokenClassifierOptions,
  type TokenClassifyOptions,
  type TokenEvaluateOptions,
  type TokenFitHeadOptions,
  type TokenFitOptions,
  type TokenParts,
  trainedOf,
  writePeftTokens,
} from "./token-parts.js";
import {
  aggregations,
  type SpanLabel,
  spansOf,
  type TokenMetrics,
  tokenMetrics,
  type TokenScores,
  type TokenSpan,
} from "./token-spans.js";

/**
 * Classifies the tokens of a text (names, places, parts of speech): an encoder with an adapter and a linear layer on each token, as
 * transformers' `AutoModelForTokenClassification`.
 *
 * @example
 * using classifier = await TokenClassifier.open("./bert-base-NER");
 * await classifier.predict(["Ada Lovelace lived in London"]);
 * // [[{ label: "PER", probability: 0.99, start: 0, end: 12, text: "Ada Lovelace" }, { label: "LOC", … }]]
 */
export class TokenClassifier<Label extends string = string> {
  /** The encoder. If `open` loaded it, the classifier's `dispose` frees it too. */
  readonly encoder: SentenceEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** @internal Its adapter; null if only the head is trained. */
  readonly modelAdapter: ModelAdapter | null;
  /** @internal Its parts. */
  readonly parts: TokenParts;
  private disposed = false;

  private constructor(parts: TokenParts) {
    this.parts = parts;
    this.encoder = parts.encoder;
    this.labels = Object.freeze([...parts.labels] as Label[]);
    this.modelAdapter = parts.modelAdapter;
  }

  /**
   * Adds an adapter to the encoder, unless `lora` is null, and a new linear layer on its tokens. Both stay until `dispose`. Options are
   * those of `TextClassifier.create`.
   *
   * Throws `ConfigError` for fewer than two labels, duplicate labels, or an adapter's name that is in use; `UnsupportedError` for
   * ModernBERT without a checkpoint for token classification, whose head has more layers.
   *
   * @example
   * const classifier = TokenClassifier.create(encoder, { labels: ["O", "B-PER", "I-PER"] });
   * await classifier.fit([{ words: ["Ada", "wrote"], labels: ["B-PER", "O"] }, …], { epochs: 3 });
   */
  static create<Label extends string>(
    encoder: SentenceEncoder,
    options: TokenClassifierOptions<Label>,
  ): TokenClassifier<Label> {
    return new TokenClassifier(newTokenParts(encoder, options));
  }

  /**
   * Loads the files of `save` on the encoder that the classifier was trained on.
   *
   * @param options.adapter name of its adapter in the encoder; default "classifier"
   * @param options.allowNonFinite accept values that are NaN or infinite; default false
   * @param options.allowOtherBase accept an encoder with other weights; default false
   * Throws `AdapterError` or `FormatError` if the files do not fit, or belong to another encoder.
   */
  static load(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): TokenClassifier {
    return new TokenClassifier(loadedTokenParts(encoder, files, options));
  }

  /**
   * Opens a classifier with its encoder: a checkpoint of `AutoModelForTokenClassification`, with a new adapter if `lora` is given; the
   * files of `save`; or PEFT's files of the task TOKEN_CLS. `dispose` frees both.
   *
   * @param source a folder (in runtimes with a file system) or a URL; the files by name; or a `ModelSource`
   * @param options.model the base model of an adapter; default: the one that its files name
   * @param options.labels names of the classes, for PEFT's files, which have none
   * @param options.maxTokens length in tokens to which texts are truncated, for PEFT's files and checkpoints, which do not record it
   *
   * Throws `UnsupportedError` for a source without a head for tokens, `ModelError` for a head that does not fit; otherwise as
   * `SentenceEncoder.load` and `load`.
   */
  static async open<Label extends string = string>(
    source: string | FileMap | ModelSource,
    options: OpenTokenClassifierOptions<Label> = {},
  ): Promise<TokenClassifier<Label>> {
    return new TokenClassifier(await openedTokenParts(source, options));
  }

  /** Name of the classifier's adapter in the encoder; null if only the head is trained. */
  get adapter(): string | null {
    return this.modelAdapter?.name ?? null;
  }

  /** The linear layer on the tokens. */
  get head(): ClassificationHead {
    return this.parts.head.out;
  }

  /** The parameters that `fit` trains: adapter (if any) and head. */
  params(): NodeId[] {
    return [...(this.modelAdapter?.params() ?? []), ...trainedOf(this.parts.head)];
  }

  /**
   * Trains adapter and head together on the mean cross entropy of a step's labelled words, each by its first token, as transformers'
   * examples do. Words beyond the maximum length are ignored.
   *
   * Throws `ConfigError` for an unknown label, an example without labels, an entity that begins in the middle of a token, while an adapter
   * is merged into the base, and while another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly TokenExample[], options: TokenFitOptions = {}): Promise<FitReport> {
    this.checkUsable("fit");
    this.encoder.adapterSet.checkTrainable(this.modelAdapter);
    return fitTokens(this.parts, takeTokenExamples("fit", examples, new LabelIndex(this.labels)), options);
  }

  /**
   * Fits the last layer to the vectors that encoder and adapter currently give the labelled words, as `TextClassifier.fitHead` does for
   * texts: a baseline without training the encoder, or a head to continue from with `fit`. The regularisation is chosen on held-out
   * examples. On an error the head is as before.
   *
   * Throws as `fit`, `UnsupportedError` for a checkpoint whose head has no bias, and `AbortError` when cancelled.
   */
  async fitHead(examples: readonly TokenExample[], options: TokenFitHeadOptions = {}): Promise<FitHeadReport> {
    const what = "fitHead";
    this.checkUsable(what);
    this.encoder.adapterSet.checkTrainable(this.modelAdapter);
    const taken = takeTokenExamples(what, examples, new LabelIndex(this.labels));
    const targets = taken.flatMap(({ words }) => words.flatMap(({ target }) => (target < 0 ? [] : [target])));
    const settings = takeFitHeadOptions(what, options, this.labels, targets, []);
    return setFitted(this.head, this.params(), () => fitToWords(this.parts, taken, settings));
  }

  /**
   * Labelled spans of each text, in order. `start` and `end` count UTF-16 units, as in `slice`. Longer texts than the model's maximum are
   * truncated.
   *
   * @param texts each a text, or a list of words, which are joined by spaces as in `fit` and `evaluate`: `start` and `end` then count in
   *   `words.join(" ")`
   * @param options.aggregation "first" (default): a word has its first token's label, and spans are whole words; "simple": spans of
   *   tokens; "none": a span for each token, or for each given word
   * @param options.adapter name of the encoder's adapter to apply, null for the base alone; default: the classifier's own, else the
   *   active one
   * Throws `NonFiniteError` for logits that are NaN or infinite.
   */
  async predict(
    texts: readonly (string | readonly string[])[],
    options: TokenClassifyOptions = {},
  ): Promise<TokenSpan<SpanLabel<Label>>[][]> {
    const what = "predict";
    this.checkUsable(what);
    checkOptions(what, options, ["adapter", "signal", "onProgress", "aggregation"]);
    const { aggregation = "first", ...rest } = options;
    oneOf(what, "aggregation", aggregation, aggregations);
    const asked = takeAsked(what, texts);
    const scores = await this.scores(
      what,
      asked.map(({ text }) => text),
      rest,
    );
    const spans = asked.map((one, i) => spansOf(one, this.labels, scores[i]!, aggregation, i));
    return spans as TokenSpan<SpanLabel<Label>>[][];
  }

  /**
   * Scores of entities and words on labelled examples. Throws `ConfigError` for no examples or invalid ones, and as `predict`.
   */
  async evaluate(examples: readonly TokenExample[], options: TokenEvaluateOptions = {}): Promise<TokenMetrics> {
    const what = "evaluate";
    this.checkUsable(what);
    checkOptions(what, options, ["adapter", "signal", "onProgress", "strict"]);
    const { strict = false, ...rest } = options;
    flag(what, "strict", strict);
    const taken = takeTokenExamples(what, examples, new LabelIndex(this.labels));
    if (taken.length === 0)
      throw new ConfigError(`${what}: expected examples, got an empty list`, { op: what, length: 0 });
    const { maxTokens } = this.parts.tokenizer;
    const scores = await this.scores(
      what,
      taken.map(({ text }) => text),
      rest,
    );
    return tokenMetrics(this.labels, taken, scores, maxTokens, strict).metrics;
  }

  /** Logits of each text's tokens, including special ones, `[tokens, classes]`. */
  async logits(texts: readonly string[], options: Asked = {}): Promise<Float32Array[]> {
    this.checkUsable("logits");
    checkOptions("logits", options, ["adapter", "signal", "onProgress"]);
    const scores = await this.scores("logits", takeTexts("logits", texts), options);
    return scores.map(({ logits }) => logits);
  }

  private async scores(what: string, texts: readonly string[], options: Asked): Promise<TokenScores[]> {
    const { adapter = this.modelAdapter ?? undefined, ...events } = takeInferOptions(what, options);
    return scoresOf(this.parts, texts, adapter, events);
  }

  /**
   * Adapter and head as PEFT's files for `AutoModelForTokenClassification` (task_type TOKEN_CLS, the head in `modules_to_save`), and in
   * labels.json everything else that predictions depend on: labels, maximum length, lowercasing and the base's fingerprint. Without an
   * adapter, head.safetensors instead of PEFT's files. In memory: Node's `writeFilesAtomically(folder, files)` writes them where
   * `TokenClassifier.open(folder)` finds them.
   */
  save(...nothing: never[]): SavedFiles {
    checkNothing("save", nothing, WRITE_THEM);
    this.checkUsable("save");
    const { encoder, modelAdapter, labels } = this;
    const { head, tokenizer } = this.parts;
    const { maxTokens, lowercase } = tokenizer;
    const about = {
      labels,
      pooling: null,
      maxTokens,
      lowercase,
      merged: null,
      task: "tokens" as const,
      adapted: modelAdapter !== null,
      base: { name: encoder.name, fingerprint: encoder.fingerprint },
    };
    if (modelAdapter === null) return writeHead(head.out, about);
    return { ...writePeftTokens(encoder, modelAdapter, head), ...writeLabelsBeside(about) };
  }

  /**
   * Frees adapter and head, and the encoder too if `open` loaded it. Throws `ConfigError` while they are trained or merged. Safe to call
   * twice, and after the encoder's own `dispose`.
   */
  dispose(): void {
    if (this.disposed) return;
    const { encoder, modelAdapter, head } = this;
    const { ownsEncoder } = this.parts;
    const trained = encoder.graph.gone ? [] : this.params();
    disposeTrained({ encoder, modelAdapter, ownsEncoder }, "this classifier", head.params(), trained);
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private checkUsable(what: string): void {
    const { graph } = this.encoder;
    if (!this.disposed && (!graph.gone || graph.engine.closed)) return;
    throw new StaleNodeError(`${what}: this classifier was disposed; open or create it again`, {
      op: what,
      reason: "disposed",
    });
  }
}
