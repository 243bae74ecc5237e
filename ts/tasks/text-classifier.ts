import { checkRecord, listFrom } from "../arguments/collections.js";
import { ConfigError } from "../errors/errors.js";
import { Graph, type NodeId } from "../graph/graph.js";
import type { Example } from "../io/examples/example.js";
import type { FileMap } from "../io/file-map.js";
import type { ModelSource } from "../io/model-source.js";
import { checkNotMerged, readAdapter } from "../io/peft/index.js";
import { transpose } from "../io/peft/transpose.js";
import { takeWeightOptions, type WeightOptions } from "../io/safetensors/index.js";
import { ClassificationHead } from "../nn/classification-head.js";
import { claimParameters, inTraining } from "../train/claims.js";
import { fit } from "../train/fit.js";
import type { FitReport } from "../train/fit-options.js";
import { classProbabilities, metrics, type Metrics } from "../train/metrics.js";
import type { BatchLoss, Task } from "../train/task.js";
import { checkNoAdapter, labelsOf, readHead, writeHead } from "./classifier-files.js";
import {
  type ClassifierFitOptions,
  lossOf,
  takeTokenized,
  takeTraining,
  type TokenizedExample,
} from "./classifier-training.js";
import { type FitHeadOptions, type FitHeadReport, fitToTexts, takeFitHeadOptions } from "./fit-head.js";
import { takeLabels } from "./labels-file.js";
import { type EncoderOptions, openCheckpoint, type OpenedCheckpoint, openParts, openPeft } from "./open-classifier.js";
import { writePeftClassifier } from "./peft-classifier.js";
import { tokenizerFor } from "./trained-on.js";
import { checkOptions } from "../arguments/options.js";
import { excerpt } from "../errors/excerpt.js";
import { flag } from "../arguments/settings.js";
import type { LoraOptions } from "../adapters/lora-options.js";
import type { ModelAdapter } from "../adapters/model-adapter.js";
import { inferTexts, rowsOf, tokenized } from "../models/sentence/inference.js";
import { type InferOptions, takeInferOptions, takeTexts } from "../models/sentence/infer-options.js";
import { checkUsable, SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";

/** What a classifier says of a text. */
export interface Prediction {
  /** The text that was asked about. */
  readonly text: string;
  /** The most probable class. */
  readonly label: string;
  /** Probability of that label, 0 to 1. */
  readonly probability: number;
  /** Probability of every label. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What every call of a classifier takes: its adapter is its own. */
export type ClassifyOptions = Omit<InferOptions, "adapter" | "adapters">;

/** How a classifier is measured. */
export interface EvaluateOptions extends ClassifyOptions {
  /** Whether 95 % intervals are wanted; default true. */
  readonly intervals?: boolean;
}

/** A new classifier. */
export interface ClassifierOptions {
  /** Names of the classes, two or more. */
  readonly labels: readonly string[];
  /** The adapter that is trained along with the head; null for the head alone. */
  readonly lora?: LoraOptions | null;
  /** Name of that adapter in the encoder; default "classifier". */
  readonly adapter?: string;
}

/** How a saved classifier is loaded. */
export interface LoadClassifierOptions extends WeightOptions {
  /** Name that its adapter gets in the encoder; default "classifier". */
  readonly adapter?: string;
  /** Take an encoder with other weights than those that it was trained on; default false: it is refused by name. */
  readonly allowOtherBase?: boolean;
}

/** How a classifier is opened with its encoder, whose length of texts and pooling are those it was trained with. */
export interface OpenClassifierOptions extends LoadClassifierOptions, EncoderOptions {
  /** The base, as `SentenceEncoder.load` takes it; default the one that the classifier's files name. */
  readonly model?: string | FileMap | ModelSource;
  /** Of a checkpoint of transformers: an adapter to train along with its head; default none. */
  readonly lora?: LoraOptions;
}

/**
 * A text classifier: a sentence encoder with an adapter and a linear head on its sentence vectors, trained together.
 *
 * @example
 * const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
 * await classifier.fit([{ text: "a fine day", label: "yes" }, …], { steps: 100 });
 * await classifier.predict(["what a day"]); // [{ label: "yes", probability: 0.93, … }]
 */
export class TextClassifier implements Task<TokenizedExample> {
  /** @internal Whether adapter and head are gone. */
  disposed = false;
  /** Whether the encoder is nobody else's. */
  private ownsEncoder = false;
  private readonly indexByLabel: ReadonlyMap<string, number>;

  private constructor(
    /** The encoder below the head; `dispose` of it when done, unless the classifier came from `open`. */
    readonly encoder: SentenceEncoder,
    /** Names of the classes, in the order of the logits. */
    readonly labels: readonly string[],
    /** @internal Its adapter, by whatever name; null where it is the head alone, or the base's weights hold it. */
    readonly modelAdapter: ModelAdapter | null,
    /** The linear head on the sentence vectors. */
    readonly head: ClassificationHead,
    /** @internal Cuts its texts as they were in training. */
    readonly tokenizer: TextTokenizer,
    /** Fingerprint of the adapter that the base's weights hold. */
    private readonly merged: string | null,
  ) {
    Object.freeze(labels);
    this.indexByLabel = new Map(labels.map((label, i) => [label, i]));
  }

  /**
   * Adds an adapter to the encoder, unless `lora` is null, and a new head. Calls of the encoder that name no adapter are not
   * affected. Both stay until `dispose`: whoever makes several one after the other, as in cross-validation, disposes of each.
   *
   * Throws `ConfigError` for fewer than two labels or doubled ones, and where the encoder has an adapter of that name.
   */
  static create(encoder: SentenceEncoder, options: ClassifierOptions): TextClassifier {
    checkOptions("TextClassifier.create", options, ["labels", "lora", "adapter"]);
    const { labels: given, lora = {}, adapter = "classifier" } = options;
    checkEncoder("TextClassifier.create", encoder);
    const labels = takeLabels(given);
    checkUsable("TextClassifier.create", encoder);
    const { graph, hiddenSize, adapterSet, tokenizer } = encoder;
    return TextClassifier.with(
      { encoder, labels, tokenizer, merged: null },
      () => (lora === null ? null : adapterSet.add(adapter, lora, { what: "TextClassifier.create", classifier: true })),
      () => ClassificationHead.create(graph, hiddenSize, labels.length),
    );
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
    const what = "TextClassifier.load";
    checkOptions(what, options, ["adapter", "allowNonFinite", "allowOtherBase"]);
    const { adapter = "classifier", allowOtherBase = false, ...others } = options;
    flag(what, "allowOtherBase", allowOtherBase);
    const rest = takeWeightOptions(what, others);
    checkEncoder(what, encoder);
    checkUsable(what, encoder);
    checkRecord(`${what}: a classifier's files by name, as bytes, are expected`, files);
    const about = labelsOf(files);
    const { labels, merged, adapted } = about;
    if (!adapted && merged === null) checkNoAdapter(files);
    const { graph, hiddenSize, adapterSet, mergedModel } = encoder;
    // First, since it says more than that the weights are others.
    if (mergedModel !== null && adapted) checkNotMerged(what, readAdapter(files, rest), encoder.name, mergedModel);
    const tokenizer = tokenizerFor(encoder, about, allowOtherBase);
    const { weight, bias } = readHead(files, hiddenSize, labels.length, rest);
    return TextClassifier.with(
      { encoder, labels, tokenizer, merged },
      () => (adapted ? adapterSet.load(adapter, files, rest, { what, classifier: true }) : null),
      () => new ClassificationHead(graph, weight, bias),
    );
  }

  /**
   * A classifier with the encoder that it was trained on, from a run's folder or a merged model's: ready to use, with the
   * answers of the run. `dispose` frees both.
   *
   * @param source a folder where there is a file system, else an address; the files by name; or a `ModelSource`
   * @param options.model the base, where it is not the one that the files name
   *
   * Throws `ConfigError` where there is no classifier, or no base is named; otherwise as `SentenceEncoder.load` and `load` do.
   *
   * @example
   * using classifier = await TextClassifier.open("runs/reviews");
   * await classifier.predict(["what a day"]);
   */
  static async open(
    source: string | FileMap | ModelSource,
    options: OpenClassifierOptions = {},
  ): Promise<TextClassifier> {
    checkOptions("TextClassifier.open", options, OPEN_OPTIONS);
    const { model, adapter, allowOtherBase, lora, ...loading } = options;
    const checkpoint = (await openCheckpoint(source, model, loading)) ?? (await openPeft(source, model, loading));
    if (checkpoint !== null) return TextClassifier.ofCheckpoint(checkpoint, lora ?? null, adapter);
    if (lora !== undefined)
      throw new ConfigError("TextClassifier.open: lora is for checkpoints of transformers; a run has its own adapter", {
        op: "TextClassifier.open",
        option: "lora",
      });
    const { encoder, files } = await openParts(source, model, loading);
    try {
      const { allowNonFinite } = loading;
      const given = Object.entries({ adapter, allowOtherBase, allowNonFinite }).filter(
        ([, value]) => value !== undefined,
      );
      const classifier = TextClassifier.load(encoder, files, Object.fromEntries(given));
      classifier.ownsEncoder = true;
      return classifier;
    } catch (error) {
      encoder.dispose();
      throw error;
    }
  }

  private static ofCheckpoint(
    { encoder, labels, adapter: files }: OpenedCheckpoint,
    lora: LoraOptions | null,
    adapter = "classifier",
  ): TextClassifier {
    try {
      const { graph, adapterSet, tokenizer } = encoder;
      const { weight, bias } = encoder.head!;
      const added = { what: "TextClassifier.open", classifier: true };
      if (files !== null && lora !== null)
        throw new ConfigError("TextClassifier.open: lora makes a new adapter, and these files have one; leave it out", {
          op: "TextClassifier.open",
          option: "lora",
        });
      const classifier = TextClassifier.with(
        { encoder, labels: takeLabels(labels), tokenizer, merged: null },
        () =>
          files !== null
            ? adapterSet.load(adapter, files, { allowNonFinite: true }, added)
            : lora === null
              ? null
              : adapterSet.add(adapter, lora, added),
        () => new ClassificationHead(graph, transpose(weight), bias),
      );
      classifier.ownsEncoder = true;
      return classifier;
    } catch (error) {
      encoder.dispose();
      throw error;
    }
  }

  /** Both an adapter, where there is to be one, and a head, or, where the head cannot be made, neither. */
  private static with(
    { encoder, labels, tokenizer, merged }: Pick<TextClassifier, "encoder" | "labels" | "tokenizer"> & MergedInto,
    addAdapter: () => ModelAdapter | null,
    makeHead: () => ClassificationHead,
  ): TextClassifier {
    const { graph } = encoder;
    return graph.allOrNothing(() => {
      const adapter = addAdapter();
      try {
        return new TextClassifier(encoder, labels, adapter, graph.allOrNothing(makeHead), tokenizer, merged);
      } catch (error) {
        if (adapter !== null) encoder.removeAdapter(adapter.name);
        throw error;
      }
    });
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
   * Throws `ConfigError` for a label that the classifier does not have, while an adapter is merged into the base, and
   * while another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly Example[], options: ClassifierFitOptions = {}): Promise<FitReport> {
    this.checkTrainable("fit");
    const prepared = this.prepare("fit", examples);
    const training = takeTraining(this, prepared, options);
    return fit(training.task, prepared, training.options);
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
    const taken = takeExamples("fitHead", examples);
    const targets = taken.map(({ label }, i) => this.target(label, i));
    const settings = takeFitHeadOptions("fitHead", options, this.labels, targets);
    const { head, graph, modelAdapter } = this;
    const release = claimParameters(graph, this.params());
    try {
      const texts = taken.map(({ text }) => text);
      const fitted = await fitToTexts(this, modelAdapter, texts, targets, settings);
      graph.setValue(head.weight, fitted.weight);
      graph.setValue(head.bias, fitted.bias);
      return { regularisation: fitted.regularisation, iterations: fitted.iterations };
    } finally {
      release();
    }
  }

  /** Summed cross entropy of some examples. */
  loss(examples: readonly TokenizedExample[]): BatchLoss {
    this.checkTrainable("loss");
    return lossOf(this, takeTokenized("loss", examples, this.labels.length), undefined);
  }

  /** Bytes that a step on these examples takes. */
  memory(examples: readonly TokenizedExample[]): number {
    const tokens = takeTokenized("memory", examples, this.labels.length).reduce((sum, { ids }) => sum + ids.length, 0);
    return this.encoder.model.stepMemory({ tokens, rank: this.modelAdapter?.config.r ?? 0 });
  }

  /**
   * The most likely label of each text, with probabilities: of this classifier's adapter and head, whatever adapter is the
   * encoder's active one. Throws `NonFiniteError` where adapter or head give logits that are no numbers.
   */
  async predict(texts: readonly string[], options: ClassifyOptions = {}): Promise<Prediction[]> {
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
    return metrics(logits, targets, this.labels.length, { intervals });
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
   * texts, lowercasing, pooling and the base's fingerprint.
   */
  save(): FileMap {
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
    };
    return { ...(adapter === null ? {} : encoder.saveAdapter(adapter)), ...writeHead(head, about) };
  }

  /**
   * Adapter and head as a PEFT checkpoint of transformers' `AutoModelForSequenceClassification`, for a classifier that `open` made of
   * such a model. Throws `ConfigError` for others, and where there is no adapter.
   */
  savePeft(): FileMap {
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
    if (modelAdapter !== null && adapterSet.has(modelAdapter)) adapterSet.remove(modelAdapter.name);
    if (!graph.gone) graph.release(head.params());
    if (this.ownsEncoder) encoder.dispose();
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks every example before the first is worked on; what is done to the list afterwards changes nothing. */
  private prepare(what: string, examples: readonly Example[]): TokenizedExample[] {
    const { tokenizer } = this;
    return takeExamples(what, examples).map(({ text, label }, i) => {
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

/** What the logits of text number `i` say of it. */
export function prediction(text: string, labels: readonly string[], logits: Float32Array, i: number): Prediction {
  const { probabilities, best } = classProbabilities(logits, `text ${i}`);
  const byLabel = Object.fromEntries(labels.map((label, j) => [label, probabilities[j]!]));
  return { text, label: labels[best]!, probability: probabilities[best]!, probabilities: byLabel };
}

/** Throws `ConfigError` where a classifier was disposed of, `StaleNodeError` where its encoder was. */
export function checkClassifier(what: string, { disposed, encoder }: TextClassifier): void {
  if (!disposed) return checkUsable(what, encoder);
  const message = `${what}: this classifier was disposed of; load or create it again`;
  throw new ConfigError(message, { op: what, reason: "disposed" });
}

/** What is merged into the weights that a classifier stands on. */
interface MergedInto {
  readonly merged: string | null;
}

const OPEN_OPTIONS: readonly (keyof OpenClassifierOptions)[] = [
  ...([
    "model",
    "lora",
    "adapter",
    "allowOtherBase",
    "allowNonFinite",
    "seed",
    "weights",
    "packedCopies",
    "engine",
  ] as const),
];

/** Which adapter applies is no option of a classifier's calls. */
function checkAskOptions(what: string, options: ClassifyOptions): void {
  if (typeof options === "object" && options !== null && "adapter" in options)
    throw new ConfigError(
      `${what}: there is no option "adapter": a classifier's calls have its own; \`encoder.scaleAdapter(name, 0)\` takes it away`,
      { op: what, option: "adapter", allowed: ["signal", "onProgress"] },
    );
  checkOptions(what, options, ["signal", "onProgress"]);
}

function takeExamples(what: string, examples: readonly Example[]): Example[] {
  return listFrom(`${what}: a list of examples is expected`, examples, (example, i) => {
    const { text, label } = (example as Partial<Example> | null | undefined) ?? {};
    if (typeof text === "string" && typeof label === "string") return { text, label };
    throw new ConfigError(`example ${i}: { text, label } of two strings is expected, got ${excerpt(example)}`, {
      option: "examples",
      expected: "{ text, label } of two strings",
      value: example,
      place: i,
    });
  });
}

function checkEncoder(what: string, encoder: SentenceEncoder): void {
  if (encoder instanceof SentenceEncoder && encoder.graph instanceof Graph) return;
  throw new ConfigError(`${what}: encoder is a SentenceEncoder, got ${excerpt(encoder)}`, {
    op: what,
    option: "encoder",
    expected: "a SentenceEncoder",
    value: encoder,
  });
}
