import type { ModelAdapter } from "../adapters/model-adapter.js";
import { checkNothing, WRITE_THEM } from "../arguments/nothing.js";
import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { Example } from "../io/examples/example.js";
import type { FileMap, SavedFiles } from "../io/file-map.js";
import type { ModelSource } from "../io/model-source.js";
import { stepOfAdapter } from "../models/adapter-step.js";
import { type ForwardOptions, takeForwardOptions } from "../models/layer-checkpoint.js";
import { takeInferOptions, takeTexts } from "../models/sentence/infer-options.js";
import { inferTexts, rowsOf, tokenized } from "../models/sentence/inference.js";
import { checkUsable, type SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../nn/classification-head.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { inTraining } from "../train/claims.js";
import type { FitReport } from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import { measureLogits, type Metrics } from "../train/metrics/metrics.js";
import type { BatchLoss, Task } from "../train/task.js";
import { writeHead } from "./classifier-files.js";
import type {
  ClassifierOptions,
  ClassifyOptions,
  EvaluateOptions,
  LoadClassifierOptions,
  OpenClassifierOptions,
} from "./classifier-options.js";
import { type ClassifierParts, loadedParts, newParts, openedParts } from "./classifier-parts.js";
import {
  type ClassifierFitOptions,
  lossOf,
  takeTokenized,
  takeTraining,
  type TokenizedExample,
} from "./classifier-training.js";
import { type FitHeadOptions, type FitHeadReport, fitToTexts, setFitted, takeFitHeadOptions } from "./fit-head.js";
import { type EmptyTexts, emptyTextsOf, takeExamples, takeLearnt } from "./given-examples.js";
import { writePeftClassifier } from "./peft-classifier.js";
import { type Prediction, prediction } from "./prediction.js";

/**
 * A text classifier: a sentence encoder with an adapter and a linear head on its sentence vectors, trained together.
 *
 * @example
 * const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
 * await classifier.fit([{ text: "a fine day", label: "yes" }, …], { steps: 100 });
 * await classifier.predict(["what a day"]); // [{ label: "yes", probability: 0.93, … }]
 */
export class TextClassifier<Label extends string = string> implements Task<TokenizedExample> {
  /** The encoder below the head; `dispose` of it when done, unless the classifier came from `open`. */
  readonly encoder: SentenceEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** The linear head on the sentence vectors. */
  readonly head: ClassificationHead;
  /** @internal Its adapter, by whatever name; null where it is the head alone, or the base's weights hold it. */
  readonly modelAdapter: ModelAdapter | null;
  /** @internal Cuts its texts as they were in training. */
  readonly tokenizer: TextTokenizer;
  /** @internal Whether adapter and head are gone. */
  disposed = false;
  private readonly merged: string | null;
  private readonly ownsEncoder: boolean;
  private readonly indexByLabel: ReadonlyMap<string, number>;

  private constructor({ encoder, labels, modelAdapter, head, tokenizer, merged, ownsEncoder }: ClassifierParts) {
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
   * Adds an adapter to the encoder, unless `lora` is null, and a new head. Calls of the encoder that name no adapter are not
   * affected. Both stay until `dispose`: whoever makes several one after the other, as in cross-validation, disposes of each.
   *
   * Throws `ConfigError` for fewer than two labels or doubled ones, and where the encoder has an adapter of that name.
   */
  static create<Label extends string>(
    encoder: SentenceEncoder,
    options: ClassifierOptions<Label>,
  ): TextClassifier<Label> {
    return new TextClassifier(newParts(encoder, options));
  }

  /**
   * A classifier from what `save` gave, on the encoder that it was trained on. Its texts are cut to the length that they had
   * in training, whatever the encoder's own is.
   *
   * @param options.adapter name that its adapter gets in the encoder; default "classifier"
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * @param options.allowOtherBase take an encoder with other weights; default false
   * Throws `AdapterError` or `FormatError` where the files do not fit, or belong to another encoder.
   */
  static load(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): TextClassifier {
    return new TextClassifier(loadedParts(encoder, files, options));
  }

  /**
   * A classifier with the encoder that it was trained on, from a run's folder or a merged model's: ready to use, with the
   * answers of the run. So are a checkpoint of transformers' `AutoModelForSequenceClassification`, to predict with or, with `lora`, to
   * train on, and what PEFT saved for one (task_type SEQ_CLS), adapter and head. `dispose` frees both.
   *
   * @param source a folder where there is a file system, else an address; the files by name; or a `ModelSource`
   * @param options.model the base, where it is not the one that the files name
   * @param options.labels names of the classes of PEFT's files, which say none
   * @param options.maxTokens tokens that texts are cut to, where the files do not say: PEFT's, and a checkpoint's
   *
   * Throws `ConfigError` where there is no classifier, or no base is named; otherwise as `SentenceEncoder.load` and `load` do.
   *
   * @example
   * using classifier = await TextClassifier.open("runs/reviews");
   * await classifier.predict(["what a day"]);
   */
  static async open<Label extends string = string>(
    source: string | FileMap | ModelSource,
    options: OpenClassifierOptions<Label> = {},
  ): Promise<TextClassifier<Label>> {
    return new TextClassifier(await openedParts(source, options));
  }

  /** Name of the classifier's adapter in the encoder; null for a head alone, and where the base's weights hold it (`lowrank merge`). */
  get adapter(): string | null {
    return this.modelAdapter?.name ?? null;
  }

  /** The encoder's graph, which head and adapter live in. */
  get graph(): Graph {
    return this.encoder.graph;
  }

  /** Adapter, where there is one, and head. */
  params(): NodeId[] {
    return [...(this.modelAdapter?.params() ?? []), ...this.head.params()];
  }

  /**
   * Trains adapter and head together. Other calls on the encoder may run meanwhile, training of other adapters too.
   * Throws `ConfigError` for a label that the classifier does not have, for empty texts unless `emptyTexts` is "keep", while an
   * adapter is merged into the base, and while another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly Example[], options: ClassifierFitOptions = {}): Promise<FitReport> {
    this.checkTrainable("fit");
    const prepared = this.prepare("fit", examples, emptyTextsOf(options));
    const training = takeTraining(this, prepared, options);
    // Nothing is merged into the base meanwhile, also where the head alone is trained.
    const { end } = this.encoder.adapterSet.begin(null);
    try {
      return await fit(training.task, prepared, training.options);
    } finally {
      end();
    }
  }

  /**
   * Sets the head to the best one on the vectors that encoder and adapter give now: multinomial logistic regression, fitted to
   * convergence (`fitLogisticRegression`, which has the same options). In seconds that gives a classifier without training the
   * encoder, or a head from which `fit` goes on (linear probing, then fine-tuning: arXiv 2202.10054). Where it throws, the
   * head is as before; errors as those of `fit`, and `AbortError` when cancelled.
   *
   * @example
   * await classifier.fitHead(examples);
   * await classifier.fit(examples, { steps: 100, headLearningRate: 1e-4 });
   */
  async fitHead(examples: readonly Example[], options: FitHeadOptions = {}): Promise<FitHeadReport> {
    this.checkTrainable("fitHead");
    const taken = takeLearnt("fitHead", examples, emptyTextsOf(options));
    const targets = taken.map(({ label }, i) => this.target(label, i));
    const settings = takeFitHeadOptions("fitHead", options, this.labels, targets, ["sampling", "emptyTexts"]);
    const texts = taken.map(({ text }) => text);
    return setFitted(this.head, this.params(), () => fitToTexts(this, this.modelAdapter, texts, targets, settings));
  }

  /** Summed cross entropy of some examples; with `checkpointing` layers are computed again for their gradients. */
  loss(examples: readonly TokenizedExample[], options: ForwardOptions = {}): BatchLoss {
    this.checkTrainable("loss");
    const { checkpointing } = takeForwardOptions("loss", options);
    return lossOf(this, takeTokenized("loss", examples, this.labels.length), undefined, checkpointing);
  }

  /** Bytes that a step on these examples takes. */
  memory(examples: readonly TokenizedExample[], options: ForwardOptions = {}): number {
    const { checkpointing } = takeForwardOptions("memory", options);
    const tokens = takeTokenized("memory", examples, this.labels.length).reduce((sum, { ids }) => sum + ids.length, 0);
    const { model } = this.encoder;
    return model.stepMemory({ tokens, adapted: stepOfAdapter(model, this.modelAdapter?.config), checkpointing });
  }

  /**
   * The most likely label of each text, with probabilities: of this classifier's adapter and head, whatever adapter is the
   * encoder's active one. Throws `NonFiniteError` where adapter or head give logits that are no numbers.
   */
  async predict(texts: readonly string[], options: ClassifyOptions = {}): Promise<Prediction<Label>[]> {
    const asked = takeTexts("predict", texts);
    const logits = await this.ask("predict", asked, options);
    return asked.map((text, i) => prediction(text, this.labels, logits[i]!, i));
  }

  /**
   * Accuracy, loss, scores of each class and confusion matrix on known examples; 95 % intervals by default. Throws
   * `ConfigError` where there are none, and as `predict` does.
   */
  async evaluate(examples: readonly Example[], options: EvaluateOptions = {}): Promise<Metrics> {
    checkOptions("evaluate", options, ["signal", "onProgress", "intervals"]);
    const { intervals = true, ...others } = options;
    const { labels } = this;
    flag("evaluate", "intervals", intervals);
    const taken = takeExamples("evaluate", examples);
    if (taken.length === 0)
      throw new ConfigError("evaluate: there are no examples to measure", { op: "evaluate", length: 0 });
    const targets = taken.map(({ label }, i) => this.target(label, i));
    const logits = await this.ask(
      "evaluate",
      taken.map(({ text }) => text),
      others,
    );
    return measureLogits(logits, targets, labels.length, { intervals, signal: others.signal ?? undefined });
  }

  /** Logits of each text, `[classes]`, with adapter and head as they are when the call begins. */
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
   * The adapter as PEFT's files, and beside them the head, and in labels.json what else decides an answer: labels, length of
   * texts, lowercasing, pooling and the base's fingerprint. They are in memory: Node's `writeFilesAtomically(folder, files)` writes
   * them where `TextClassifier.open(folder)` finds them.
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
      tokens: false,
    };
    return { ...(adapter === null ? {} : encoder.saveAdapter(adapter)), ...writeHead(head, about) };
  }

  /**
   * Adapter and head as a PEFT checkpoint of transformers' `AutoModelForSequenceClassification`, for a classifier that `open` made of
   * such a model. Throws `ConfigError` for others, and where there is no adapter.
   */
  savePeft(...nothing: never[]): SavedFiles {
    checkNothing("savePeft", nothing, WRITE_THEM);
    checkClassifier("savePeft", this);
    return writePeftClassifier(this);
  }

  /**
   * Frees adapter and head, and the encoder too where `open` loaded it; otherwise that stays. Throws `ConfigError` while they
   * are trained or merged. Safe to call twice, and after the encoder's own. Other calls then throw `ConfigError`.
   */
  dispose(): void {
    const { encoder, modelAdapter, head } = this;
    const { adapterSet, graph } = encoder;
    if (this.disposed) return;
    if (modelAdapter === null && !graph.gone && inTraining(graph, head.params()))
      throw new ConfigError("dispose: the classifier is being trained; await that fit first", {
        op: "dispose",
        reason: "running",
      });
    if (modelAdapter !== null && adapterSet.has(modelAdapter)) adapterSet.remove(modelAdapter.name, "dispose");
    if (!graph.gone) graph.release(head.params());
    if (this.ownsEncoder) encoder.dispose();
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks every example before the first is worked on; what is done to the list afterwards changes nothing. */
  private prepare(what: string, examples: readonly Example[], emptyTexts: EmptyTexts | undefined): TokenizedExample[] {
    const { tokenizer } = this;
    return takeLearnt(what, examples, emptyTexts).map(({ text, label }, i) => {
      let tokens: Int32Array | undefined;
      // Tokens when a step first needs them: to turn 20,000 texts into some takes seconds, in which nothing was heard.
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

/** Throws `ConfigError` where a classifier was disposed of, `StaleNodeError` where its encoder was. */
export function checkClassifier(what: string, { disposed, encoder }: TextClassifier): void {
  if (!disposed) return checkUsable(what, encoder);
  const message = `${what}: this classifier was disposed of; load or create it again`;
  throw new ConfigError(message, { op: what, reason: "disposed" });
}

/** Which adapter applies is no option of a classifier's calls. */
function checkAskOptions(what: string, options: ClassifyOptions): void {
  if (typeof options === "object" && options !== null && "adapter" in options)
    throw new ConfigError(
      `${what}: there is no option "adapter": a classifier's calls have its own; \`encoder.scaleAdapter(name, 0)\` takes it away`,
      { op: what, option: "adapter", allowed: ["signal", "onProgress"] },
    );
  checkOptions(what, options, ["signal", "onProgress"]);
}
