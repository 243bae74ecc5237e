import { copiedLora, LORA_OPTIONS } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkNothing, checkOptions, copiedOptions, WRITE_THEM } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Example } from "../../io/examples/example.js";
import { copiedSource, type FileMap, type SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { type ForwardOptions, takeForwardOptions } from "../../models/architecture.js";
import { MODEL_OPTIONS, takeInferOptions, takeTexts } from "../../models/sentence/encoder-options.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import { checkUsable, type SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { FitReport } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { BatchLoss, Task } from "../../train/task.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { type Calibrated, takeLabels, writeHead } from "../head/classifier-files.js";
import {
  type ClassifierOptions,
  type ClassifierParts,
  type ClassifyOptions,
  disposeTrained,
  type EvaluateOptions,
  type LoadClassifierOptions,
  loadedParts,
  type MultiLabelClassifierOptions,
  newParts,
  type OpenClassifierOptions,
} from "../head/classifier-parts.js";
import {
  type ClassifierFitOptions,
  type EmptyTexts,
  emptyTextsOf,
  lossOf,
  takeExamples,
  takeTrainingExamples,
  takeTokenized,
  takeTraining,
  type TokenizedExample,
} from "../head/classifier-training.js";
import {
  type FitHeadOptions,
  type FitHeadReport,
  fitToTexts,
  setFitted,
  takeFitHeadOptions,
} from "../head/fit-head.js";
import { writePeftClassifier } from "../head/transformers-head.js";
import { answerOf, type MultiLabelPrediction, type Prediction } from "../head/prediction.js";
import { type MultiLabelExample, type MultiLabelParts, takeListed } from "../multi-label/listed-examples.js";
import type { MultiLabelResult } from "../multi-label/multi-label-calls.js";

/** Examples of a classifier with one label a text, or with several. */
export type ClassifierExample<Multi extends boolean> = Multi extends true ? MultiLabelExample : Example;

/** Predictions of a classifier. */
export type ClassifierPrediction<Label extends string, Multi extends boolean> = Multi extends true
  ? MultiLabelPrediction<Label>
  : Prediction<Label>;

/** Metrics of a classifier. */
export type ClassifierMetrics<Multi extends boolean> = Multi extends true ? MultiLabelResult : Metrics;

/** What measures predictions. */
export const measures = /* @__PURE__ */ lazyChunk(
  async () => (await import("../../train/metrics/metrics.js")).measureLogits,
);

const OPEN_OPTIONS: readonly (keyof OpenClassifierOptions)[] = [
  ...MODEL_OPTIONS,
  "model",
  "lora",
  "multiLabel",
  "labels",
  "maxTokens",
  "adapter",
  "allowOtherBase",
] as const;

/**
 * A text classifier: a sentence encoder with an adapter and a linear head on its sentence vectors, trained together.
 *
 * @example
 * const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
 * await classifier.fit([{ text: "a fine day", label: "yes" }, …], { steps: 100 });
 * await classifier.predict(["what a day"]); // [{ label: "yes", probability: 0.93, … }]
 * @example
 * const tagger = TextClassifier.create(encoder, { labels: ["food", "sport"], multiLabel: true });
 * await tagger.fit([{ text: "the cup final, with pies", labels: ["food", "sport"] }, …], { steps: 100 });
 * await tagger.predict(["a new recipe"]); // [{ labels: ["food"], scores: { food: 0.9, sport: 0.1 }, … }]
 */
export class TextClassifier<
  Label extends string = string,
  Multi extends boolean = false,
> implements Task<TokenizedExample> {
  /** The encoder; dispose of it when done, unless the classifier came from `open`. */
  readonly encoder: SentenceEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** The linear head on the sentence vectors. */
  readonly head: ClassificationHead;
  /** @internal Its adapter; null if only the head is trained, or the adapter is merged into the base. */
  readonly modelAdapter: ModelAdapter | null;
  /** @internal Truncates texts as in training. */
  readonly tokenizer: TextTokenizer;
  /** @internal Whether it was disposed. */
  disposed = false;
  /** @internal With several labels a text: their thresholds. */
  readonly multi: MultiLabelParts | null;
  /** @internal What the validation said of its probabilities. */
  calibrated: Calibrated | undefined;
  private readonly merged: string | null;
  private readonly ownsEncoder: boolean;
  private readonly indexByLabel: ReadonlyMap<string, number>;

  private constructor(parts: ClassifierParts) {
    const { encoder, labels, modelAdapter, head, tokenizer, merged, ownsEncoder, multi = null, calibrated } = parts;
    this.multi = multi;
    this.calibrated = calibrated;
    this.encoder = encoder;
    this.labels = Object.freeze(labels as readonly Label[]);
    this.modelAdapter = modelAdapter;
    this.head = head;
    this.tokenizer = tokenizer;
    this.merged = merged;
    this.ownsEncoder = ownsEncoder;
    this.indexByLabel = new Map(labels.map((label, i) => [label, i]));
  }

  /**
   * Adds an adapter to the encoder, unless `lora` is null, and a new head. Other calls of the encoder are not affected. Both stay until
   * `dispose`: in cross-validation, dispose of each classifier.
   *
   * Throws `ConfigError` for fewer than two labels, duplicate labels, or an adapter's name that is in use.
   */
  static create<Label extends string>(
    encoder: SentenceEncoder,
    options: MultiLabelClassifierOptions<Label>,
  ): TextClassifier<Label, true>;
  static create<Label extends string>(
    encoder: SentenceEncoder,
    options: ClassifierOptions<Label>,
  ): TextClassifier<Label>;
  static create(
    encoder: SentenceEncoder,
    options: ClassifierOptions | MultiLabelClassifierOptions,
  ): TextClassifier<string, boolean> {
    return new TextClassifier(newParts(encoder, options));
  }

  /**
   * Loads the files of `save` on the encoder that the classifier was trained on. Texts are truncated as in training, whatever the encoder's
   * own maximum.
   *
   * @param options.adapter name of its adapter in the encoder; default "classifier"
   * @param options.allowNonFinite accept values that are NaN or infinite; default false
   * @param options.allowOtherBase accept an encoder with other weights; default false
   * Throws `AdapterError` or `FormatError` if the files do not fit, or belong to another encoder.
   */
  static load<Label extends string = string, Multi extends boolean = false>(
    encoder: SentenceEncoder,
    files: FileMap,
    options: LoadClassifierOptions = {},
  ): TextClassifier<Label, Multi> {
    return new TextClassifier(loadedParts(encoder, files, options));
  }

  /**
   * Opens a classifier with its encoder: the folder of a run or of a merged model; a checkpoint of transformers'
   * `AutoModelForSequenceClassification`, to predict with or, with `lora`, to train on; or PEFT's files of one (task_type SEQ_CLS), adapter
   * and head. `dispose` frees both.
   *
   * @param source a folder (in runtimes with a file system) or a URL; the files by name; or a `ModelSource`
   * @param options.model the base model; default: the one that the files name
   * @param options.labels names of the classes, for PEFT's files, which have none
   * @param options.maxTokens length in tokens to which texts are truncated, for PEFT's files and checkpoints, which do not record it
   *
   * Throws `ConfigError` if there is no classifier, or no base is named; otherwise as `SentenceEncoder.load` and `load`.
   *
   * @example
   * using classifier = await TextClassifier.open("runs/reviews");
   * await classifier.predict(["what a day"]);
   */
  static async open<Label extends string = string, Multi extends boolean = false>(
    source: string | FileMap | ModelSource,
    options: OpenClassifierOptions<Label> = {},
  ): Promise<TextClassifier<Label, Multi>> {
    checkOptions("TextClassifier.open", options, OPEN_OPTIONS, { lora: LORA_OPTIONS });
    const given = copiedOptions(options);
    const { model, labels, lora } = given;
    const from = copiedSource(source);
    if (model !== undefined) Object.assign(given, { model: copiedSource(model) });
    if (labels !== undefined) Object.assign(given, { labels: takeLabels(labels) });
    if (lora) Object.assign(given, { lora: copiedLora(lora) });
    const { openedParts } = await opener();
    return new TextClassifier(await openedParts(from, given));
  }

  /** Probability from which a text has a label, by label; null with one label a text. */
  get thresholds(): readonly number[] | null {
    return this.multi?.thresholds ?? null;
  }

  /** Name of the classifier's adapter in the encoder; null if only the head is trained, or the adapter is merged into the base (`lowrank merge`). */
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
   * Trains adapter and head together. Other calls on the encoder may run at the same time, including training of other adapters. Throws
   * `ConfigError` for an unknown label, for empty texts unless `emptyTexts` is "keep", while an adapter is merged into the base, and while
   * another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly ClassifierExample<Multi>[], options: ClassifierFitOptions = {}): Promise<FitReport> {
    this.checkTrainable("fit");
    if (this.multi === null) {
      const prepared = this.prepare("fit", examples as readonly Example[], emptyTextsOf(options));
      const training = takeTraining(this, prepared, options);
      return this.unmerged(() => fit(training.task, prepared, training.options));
    }
    const listed = takeListed("fit", examples as readonly MultiLabelExample[]);
    const given = copied(options);
    return this.unmerged(async () => (await severalLabels()).fitLists(this, listed, given));
  }

  /** Works while nothing may be merged into the base, even if only the head is trained. */
  private async unmerged<T>(work: () => Promise<T>): Promise<T> {
    const { end } = this.encoder.adapterSet.begin(null);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /**
   * Fits the head to the vectors that encoder and adapter currently give: multinomial logistic regression, to convergence (see
   * `fitLogisticRegression`, which has the same options). In seconds this gives a classifier without training the encoder, or a head to
   * continue from with `fit` (linear probing, then fine-tuning: arXiv 2202.10054). On an error the head is as before. Throws as `fit`, and
   * `AbortError` when cancelled.
   *
   * @example
   * await classifier.fitHead(examples);
   * await classifier.fit(examples, { steps: 100, headLearningRate: 1e-4 });
   */
  async fitHead(examples: readonly ClassifierExample<Multi>[], options: FitHeadOptions = {}): Promise<FitHeadReport> {
    this.checkTrainable("fitHead");
    if (this.multi !== null) {
      const listed = takeListed("fitHead", examples as readonly MultiLabelExample[]);
      const given = copied(options);
      return (await severalLabels()).fitListHead(this, listed, given);
    }
    const taken = takeTrainingExamples("fitHead", examples as readonly Example[], emptyTextsOf(options));
    const targets = taken.map(({ label }, i) => this.target(label, i));
    const settings = takeFitHeadOptions("fitHead", options, this.labels, targets, ["sampling", "emptyTexts"]);
    const texts = taken.map(({ text }) => text);
    return setFitted(this.head, this.params(), () => fitToTexts(this, this.modelAdapter, texts, targets, settings));
  }

  /** Summed cross entropy of examples; with `checkpointing`, layers are recomputed for their gradients. */
  loss(examples: readonly TokenizedExample[], options: ForwardOptions = {}): BatchLoss {
    this.checkTrainable("loss");
    const { checkpointing } = takeForwardOptions("loss", options);
    if (this.multi !== null)
      throw new ConfigError("loss: this classifier has several labels a text, which `fit` trains", {
        op: "loss",
        option: "multiLabel",
      });
    return lossOf(this, takeTokenized("loss", examples, this.labels.length), {}, checkpointing);
  }

  /** Bytes that a step on these examples needs. */
  memory(examples: readonly TokenizedExample[], options: ForwardOptions = {}): number {
    const { checkpointing } = takeForwardOptions("memory", options);
    const tokens = takeTokenized("memory", examples, this.labels.length).reduce((sum, { ids }) => sum + ids.length, 0);
    const { model } = this.encoder;
    return model.stepMemory({ tokens, adapted: stepOfAdapter(model, this.modelAdapter?.config), checkpointing });
  }

  /**
   * The most probable label of each text, with probabilities, or the labels that reach their thresholds, with a score for each, by this
   * classifier's adapter and head, whatever the encoder's active adapter. Throws `NonFiniteError` for logits that are NaN or infinite.
   */
  async predict(
    texts: readonly string[],
    options: ClassifyOptions = {},
  ): Promise<ClassifierPrediction<Label, Multi>[]> {
    const asked = takeTexts("predict", texts);
    const answer = answerOf(this);
    const logits = await this.ask("predict", asked, options);
    return asked.map((text, i) => answer(text, logits[i]!, i) as ClassifierPrediction<Label, Multi>);
  }

  /**
   * Sets the thresholds of a classifier with several labels a text to those with the highest F1 on examples that were not trained on; before,
   * all are 0.5. A label with fewer than 8 texts gets the threshold with the highest micro F1 of all. Throws as `evaluate`, and `ConfigError`
   * with one label a text.
   */
  async chooseThresholds(examples: readonly MultiLabelExample[], options: ClassifyOptions = {}): Promise<void> {
    const { multi, labels } = this;
    if (multi === null)
      throw new ConfigError("chooseThresholds: this classifier has one label a text, the most probable", {
        op: "chooseThresholds",
        option: "multiLabel",
      });
    const [calls, listed, logits] = await this.askListed("chooseThresholds", examples, options);
    multi.thresholds = calls.thresholdsFrom(labels, listed, logits);
  }

  /** Logits of listed examples, and what measures them. */
  private async askListed(what: string, examples: readonly MultiLabelExample[], options: ClassifyOptions) {
    const listed = takeListed(what, examples);
    if (listed.length === 0) throw noExamples(what);
    const texts = listed.map(({ text }) => text);
    const [calls, logits] = await Promise.all([severalLabels(), this.ask(what, texts, options)]);
    return [calls, listed, logits] as const;
  }

  /**
   * Accuracy, loss, scores of each class and confusion matrix on labelled examples; with 95 % intervals by default. With several labels a
   * text: `multiLabelMetrics` at the thresholds, and the loss. Throws `ConfigError` without examples, and as `predict`.
   */
  async evaluate(
    examples: readonly ClassifierExample<Multi>[],
    options: EvaluateOptions = {},
  ): Promise<ClassifierMetrics<Multi>> {
    checkOptions("evaluate", options, ["signal", "onProgress", "intervals"]);
    const { intervals = true, ...others } = options;
    const { labels, multi } = this;
    flag("evaluate", "intervals", intervals);
    if (multi !== null) {
      const { thresholds } = multi;
      const [calls, listed, logits] = await this.askListed(
        "evaluate",
        examples as readonly MultiLabelExample[],
        others,
      );
      return calls.evaluateLists(labels, thresholds, listed, logits) as ClassifierMetrics<Multi>;
    }
    const taken = takeExamples("evaluate", examples as readonly Example[]);
    if (taken.length === 0) throw noExamples("evaluate");
    const targets = taken.map(({ label }, i) => this.target(label, i));
    const logits = await this.ask(
      "evaluate",
      taken.map(({ text }) => text),
      others,
    );
    const measureLogits = await measures();
    const measured = await measureLogits(logits, targets, labels.length, {
      intervals,
      signal: others.signal ?? undefined,
    });
    return measured as ClassifierMetrics<Multi>;
  }

  /** Logits of each text, `[classes]`, with adapter and head as they are at the call. */
  async logits(texts: readonly string[], options: ClassifyOptions = {}): Promise<Float32Array[]> {
    return this.ask("logits", takeTexts("logits", texts), options);
  }

  private async ask(what: string, texts: readonly string[], options: ClassifyOptions): Promise<Float32Array[]> {
    const { encoder, head, modelAdapter, tokenizer } = this;
    checkClassifier(what, this);
    checkAskOptions(what, options);
    const { signal, onProgress } = takeInferOptions(what, options);
    const read = rowsOf(encoder.graph, head.snapshot());
    return inferTexts(encoder, tokenized(tokenizer, texts), modelAdapter, read, { signal, onProgress });
  }

  /**
   * The adapter as PEFT's files, the head, and in labels.json everything else that predictions depend on: labels, maximum length,
   * lowercasing, pooling and the base's fingerprint. In memory: Node's `writeFilesAtomically(folder, files)` writes them where
   * `TextClassifier.open(folder)` finds them.
   */
  save(...nothing: never[]): SavedFiles {
    checkNothing("save", nothing, WRITE_THEM);
    checkClassifier("save", this);
    const { encoder, head, labels, tokenizer, merged, adapter } = this;
    const { maxTokens, lowercase } = tokenizer;
    const base = { name: encoder.name, fingerprint: encoder.fingerprint };
    const about = {
      labels,
      pooling: String(encoder.pooling),
      maxTokens,
      lowercase,
      base,
      merged,
      adapted: adapter !== null,
      ...(this.multi === null
        ? { task: "classify" as const, ...this.calibrated }
        : { task: "multi-label" as const, thresholds: this.multi.thresholds }),
    };
    return { ...(adapter === null ? {} : encoder.saveAdapter(adapter)), ...writeHead(head, about) };
  }

  /**
   * Adapter and head as a PEFT checkpoint of transformers' `AutoModelForSequenceClassification`, for a classifier that `open` made from
   * such a model. Throws `ConfigError` for others, and without an adapter.
   */
  savePeft(...nothing: never[]): SavedFiles {
    checkNothing("savePeft", nothing, WRITE_THEM);
    checkClassifier("savePeft", this);
    return writePeftClassifier(this);
  }

  /**
   * Frees adapter and head, and the encoder too if `open` loaded it. Throws `ConfigError` while they are trained or merged. Safe to call
   * twice, and after the encoder's own `dispose`. Other calls then throw `StaleNodeError`.
   */
  dispose(): void {
    if (this.disposed) return;
    const { encoder, modelAdapter, head, ownsEncoder } = this;
    const trained = modelAdapter === null && !encoder.graph.gone ? head.params() : [];
    disposeTrained({ encoder, modelAdapter, ownsEncoder }, "this classifier", head.params(), trained);
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks and copies all examples before any work. */
  private prepare(what: string, examples: readonly Example[], emptyTexts: EmptyTexts | undefined): TokenizedExample[] {
    const { tokenizer } = this;
    return takeTrainingExamples(what, examples, emptyTexts).map(({ text, label }, i) => {
      let tokens: Int32Array | undefined;
      // Tokenized when a step first needs it: tokenizing 20,000 texts takes seconds, in which the event loop could not run.
      return {
        target: this.target(label, i),
        get ids() {
          return (tokens ??= tokenizer.encode(text));
        },
      };
    });
  }

  private checkTrainable(what: string): void {
    checkClassifier(what, this);
    this.encoder.adapterSet.checkTrainable(this.modelAdapter);
  }

  /** Class of the label of example number `i`. */
  private target(label: string, i: number): number {
    const index = this.indexByLabel.get(label);
    if (index !== undefined) return index;
    throw new ConfigError(`example ${i}: label ${excerpt(label)} is not one of ${excerpt(this.labels)}`, {
      label,
      place: i,
    });
  }
}

/** Throws `StaleNodeError` if the classifier or its encoder was disposed. */
export function checkClassifier(
  what: string,
  { disposed, encoder }: Pick<TextClassifier, "disposed" | "encoder">,
): void {
  if (!disposed) return checkUsable(what, encoder);
  const message = `${what}: this classifier was disposed; load or create it again`;
  throw new StaleNodeError(message, { op: what, reason: "disposed" });
}

/** A classifier's calls have no option for the adapter. */
function checkAskOptions(what: string, options: ClassifyOptions): void {
  if (typeof options === "object" && options !== null && "adapter" in options)
    throw new ConfigError(
      `${what}: there is no option "adapter": a classifier's calls have its own; \`encoder.scaleAdapter(name, 0)\` switches it off`,
      { op: what, option: "adapter", allowed: ["signal", "onProgress"] },
    );
  checkOptions(what, options, ["signal", "onProgress"]);
}

const noExamples = (op: string) => new ConfigError(`${op}: expected examples, got an empty list`, { op, length: 0 });

/** Loaded on demand: most classifiers have one label a text. */
export const severalLabels = /* @__PURE__ */ lazyChunk(() => import("../multi-label/multi-label-calls.js"));

/** Options as they are at the call; what is no object stays, for a check to refuse. */
const copied = <T extends object>(options: T): T =>
  typeof options === "object" && options !== null ? copiedOptions(options) : options;

/** What opens a classifier or a regressor with its encoder. */
export const opener = /* @__PURE__ */ lazyChunk(async () => {
  const { openedParts, openedRegressor, openedRun } = await import("../head/opened-parts.js");
  return { openedParts, openedRegressor, openedRun };
});
