import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkNothing, WRITE_THEM } from "../../arguments/nothing.js";
import { checkOptions } from "../../arguments/options.js";
import { flag, oneOf } from "../../arguments/settings.js";
import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap, SavedFiles } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import { takeInferOptions, takeTexts } from "../../models/sentence/infer-options.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { inTraining } from "../../train/claims.js";
import type { FitReport } from "../../train/fit-options.js";
import { writeHead, writeLabelsBeside } from "../classifier-files.js";
import type { LoadClassifierOptions } from "../classifier-options.js";
import { type FitHeadReport, setFitted, takeFitHeadOptions } from "../fit-head.js";
import { takeAsked } from "./asked-texts.js";
import { fitToWords } from "./fit-token-head.js";
import { LabelIndex } from "./label-index.js";
import { openedTokenParts } from "./open-tokens.js";
import { takeTokenExamples, type TokenExample } from "./token-examples.js";
import { trainedOf, writePeftTokens } from "./token-head.js";
import { type TokenMetrics, tokenMetrics } from "./token-metrics.js";
import type {
  OpenTokenClassifierOptions,
  TokenClassifierOptions,
  TokenClassifyOptions,
  TokenEvaluateOptions,
  TokenFitHeadOptions,
  TokenFitOptions,
} from "./token-options.js";
import { loadedTokenParts, newTokenParts, type TokenParts } from "./token-parts.js";
import { type Asked, scoresOf } from "./token-scores.js";
import { aggregations, spansOf, type SpanLabel, type TokenScores, type TokenSpan } from "./token-spans.js";
import { fitTokens } from "./token-training.js";

/**
 * Labels of a text's tokens (names, places, parts of speech): an encoder with an adapter and a linear layer on each token, as
 * transformers' `AutoModelForTokenClassification` has it.
 *
 * @example
 * using classifier = await TokenClassifier.open("./bert-base-NER");
 * await classifier.predict(["Ada Lovelace lived in London"]);
 * // [[{ label: "PER", probability: 0.99, start: 0, end: 12, text: "Ada Lovelace" }, { label: "LOC", … }]]
 */
export class TokenClassifier<Label extends string = string> {
  /** The model below the head; it goes with the classifier's `dispose` where `open` loaded it. */
  readonly encoder: SentenceEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** @internal Its adapter, by whatever name; null for a head alone. */
  readonly modelAdapter: ModelAdapter | null;
  /** @internal What it is made of. */
  readonly parts: TokenParts;
  private disposed = false;

  private constructor(parts: TokenParts) {
    this.parts = parts;
    this.encoder = parts.encoder;
    this.labels = Object.freeze([...parts.labels] as Label[]);
    this.modelAdapter = parts.modelAdapter;
  }

  /**
   * Adds an adapter to the encoder, unless `lora` is null, and a new linear layer on its tokens. Both stay until `dispose`. Its options are
   * those of `TextClassifier.create`.
   *
   * Throws `ConfigError` for fewer than two labels or doubled ones, and where the encoder has an adapter of that name; `UnsupportedError`
   * for ModernBERT without a checkpoint for token classification, whose head has more layers.
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
   * A classifier from what `save` gave, on the encoder that it was trained on.
   *
   * @param options.adapter name that its adapter gets in the encoder; default "classifier"
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * @param options.allowOtherBase take an encoder with other weights; default false
   * Throws `AdapterError` or `FormatError` where the files do not fit, or belong to another encoder.
   */
  static load(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): TokenClassifier {
    return new TokenClassifier(loadedTokenParts(encoder, files, options));
  }

  /**
   * Loads a checkpoint of `AutoModelForTokenClassification`, with a new adapter where `lora` is given; or what `save` gave, or PEFT for an
   * adapter of the task TOKEN_CLS, with the model below it. `dispose` frees all of it.
   *
   * @param source a folder where there is a file system, else an address; the files by name; or a `ModelSource`
   * @param options.model the base of an adapter, where it is not the one that its files name
   * @param options.labels names of the classes of PEFT's files, which say none
   * @param options.maxTokens tokens that texts are cut to, where the files do not say: PEFT's, and a checkpoint's
   *
   * Throws `UnsupportedError` where the source has no head for tokens, `ModelError` for one that does not fit; otherwise as
   * `SentenceEncoder.load` and `load`.
   */
  static async open<Label extends string = string>(
    source: string | FileMap | ModelSource,
    options: OpenTokenClassifierOptions<Label> = {},
  ): Promise<TokenClassifier<Label>> {
    return new TokenClassifier(await openedTokenParts(source, options));
  }

  /** Name of the classifier's adapter in the encoder; null for a head alone. */
  get adapter(): string | null {
    return this.modelAdapter?.name ?? null;
  }

  /** The linear layer on the tokens. */
  get head(): ClassificationHead {
    return this.parts.head.out;
  }

  /** What `fit` trains: adapter, where there is one, and head. */
  params(): NodeId[] {
    return [...(this.modelAdapter?.params() ?? []), ...trainedOf(this.parts.head)];
  }

  /**
   * Trains adapter and head together: the mean cross entropy of all labelled words of a step's examples, each by its first token, as
   * transformers' examples train. Words behind the length that texts are cut to are not learnt from.
   *
   * Throws `ConfigError` for a label that the classifier does not have, for an example without a label, for an entity that begins in the
   * middle of a token, while an adapter is merged into the base, and while another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly TokenExample[], options: TokenFitOptions = {}): Promise<FitReport> {
    this.checkUsable("fit");
    this.encoder.adapterSet.checkTrainable(this.modelAdapter);
    return fitTokens(this.parts, takeTokenExamples("fit", examples, new LabelIndex(this.labels)), options);
  }

  /**
   * Sets the last layer to the best one on the vectors that encoder and adapter give the examples' labelled words now, as
   * `TextClassifier.fitHead` does for texts: without training the encoder, what an adapter is measured against, or a head from which `fit`
   * goes on. What regularises it is chosen on whole examples that are held out. Where it throws, the head is as before.
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
   * Labelled spans of each text, from its start on. `start` and `end` count UTF-16 units, as `slice` does. Of a text that is longer
   * than the model takes, only the beginning is looked at.
   *
   * @param texts each a text, or a list of its words, which are put together with a space between them, as `fit` and `evaluate` do:
   *   `start` and `end` count in `words.join(" ")`
   * @param options.aggregation "first" (default): a word has its first token's label, and spans are of whole words; "simple": of tokens;
   *   "none": a span for each token, or for each given word
   * @param options.adapter name of the encoder's adapter that applies, null for the base alone; default the classifier's own, else the
   *   active one
   * Throws `NonFiniteError` where adapter or head give logits that are no numbers.
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
   * How well entities and words are labelled in known examples. Throws `ConfigError` where there are none or they make no sense, and
   * as `predict` does.
   */
  async evaluate(examples: readonly TokenExample[], options: TokenEvaluateOptions = {}): Promise<TokenMetrics> {
    const what = "evaluate";
    this.checkUsable(what);
    checkOptions(what, options, ["adapter", "signal", "onProgress", "strict"]);
    const { strict = false, ...rest } = options;
    flag(what, "strict", strict);
    const taken = takeTokenExamples(what, examples, new LabelIndex(this.labels));
    if (taken.length === 0) throw new ConfigError(`${what}: there are no examples to measure`, { op: what, length: 0 });
    const { maxTokens } = this.parts.tokenizer;
    const scores = await this.scores(
      what,
      taken.map(({ text }) => text),
      rest,
    );
    return tokenMetrics(this.labels, taken, scores, maxTokens, strict).metrics;
  }

  /** Logits of each text's tokens `[tokens, classes]`, special ones included. */
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
   * Adapter and head as PEFT's files for `AutoModelForTokenClassification` (task_type TOKEN_CLS, the head among `modules_to_save`), and in
   * labels.json what else decides an answer: labels, length of texts, lowercasing and the base's fingerprint. Of a head alone, which is no
   * adapter, head.safetensors in place of PEFT's files. They are in memory: Node's `writeFilesAtomically(folder, files)` writes them
   * where `TokenClassifier.open(folder)` finds them.
   */
  save(...nothing: never[]): SavedFiles {
    checkNothing("save", nothing, WRITE_THEM);
    this.checkUsable("save");
    const { encoder, modelAdapter, labels } = this;
    const { head, tokenizer } = this.parts;
    const { maxTokens, lowercase } = tokenizer;
    const about = {
      ...{ labels, pooling: null, maxTokens, lowercase, merged: null, tokens: true, adapted: modelAdapter !== null },
      base: { name: encoder.name, fingerprint: encoder.fingerprint },
    };
    if (modelAdapter === null) return writeHead(head.out, about);
    return { ...writePeftTokens(encoder, modelAdapter, head), ...writeLabelsBeside(about) };
  }

  /**
   * Frees adapter and head, and the encoder too where `open` loaded it; otherwise that stays. Throws `ConfigError` while they
   * are trained or merged. Safe to call twice, and after the encoder's own.
   */
  dispose(): void {
    const { encoder, modelAdapter } = this;
    const { adapterSet, graph } = encoder;
    if (this.disposed) return;
    if (!graph.gone && inTraining(graph, this.params()))
      throw new ConfigError("dispose: the classifier is being trained; await that fit first", {
        ...{ op: "dispose", reason: "running" },
      });
    if (modelAdapter !== null && adapterSet.has(modelAdapter)) adapterSet.remove(modelAdapter.name, "dispose");
    if (!graph.gone) graph.release(this.head.params());
    if (this.parts.ownsEncoder) encoder.dispose();
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private checkUsable(what: string): void {
    const { graph } = this.encoder;
    if (!this.disposed && (!graph.gone || graph.engine.closed)) return;
    throw new StaleNodeError(`${what}: this classifier was disposed of; open or create it again`, {
      op: what,
      reason: "disposed",
    });
  }
}
