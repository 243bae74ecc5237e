import { checkRecord, listFrom } from "../arguments/collections.js";
import { ConfigError } from "../errors/errors.js";
import { Graph, type NodeId } from "../graph/graph.js";
import type { Example } from "../io/examples/example.js";
import type { FileMap } from "../io/file-map.js";
import { takeWeightOptions, type WeightOptions } from "../io/safetensors/index.js";
import { ClassificationHead } from "../nn/classification-head.js";
import { fit } from "../train/fit.js";
import type { FitOptions, FitReport } from "../train/fit-options.js";
import { claimParameters, inTraining } from "../train/claims.js";
import { classProbabilities, metrics, type Metrics } from "../train/metrics.js";
import type { BatchLoss, Task } from "../train/task.js";
import { type FitHeadOptions, type FitHeadReport, fitToTexts, takeFitHeadOptions } from "./fit-head.js";
import { readHead, takeLabels, writeHead } from "./classifier-files.js";
import { checkOptions } from "../arguments/options.js";
import { excerpt } from "../errors/excerpt.js";
import { integersOf } from "../values/number-list.js";
import { nonNegative, whole } from "../arguments/settings.js";
import { typedKind } from "../arguments/typed-array.js";
import type { LoraOptions } from "../adapters/lora-options.js";
import type { ModelAdapter } from "../adapters/model-adapter.js";
import { raggedBatch } from "../models/ragged-batch.js";
import { type InferOptions, takeTexts } from "../models/sentence/infer-options.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";

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

/** A new classifier. */
export interface ClassifierOptions {
  /** Names of the classes, two or more. */
  readonly labels: readonly string[];
  /** The adapter that is trained along with the head; null for none: the head alone, on the encoder as it is. */
  readonly lora?: LoraOptions | null;
  /** Name of that adapter in the encoder; default "classifier". */
  readonly adapter?: string;
}

/** How a classifier is trained. */
export interface ClassifierFitOptions extends FitOptions {
  /** Peak learning rate of the head; default `learningRate`. A schedule scales it along. */
  readonly headLearningRate?: number;
}

/** An example as training takes it. */
interface TokenizedExample {
  readonly ids: Int32Array;
  readonly target: number;
}

/**
 * A text classifier: a sentence encoder with an adapter and a linear head on its sentence vectors, trained together; or the head
 * alone.
 *
 * @example
 * const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
 * await classifier.fit([{ text: "a fine day", label: "yes" }, …], { steps: 100 });
 * await classifier.predict(["what a day"]); // [{ label: "yes", probability: 0.93, … }]
 */
export class TextClassifier implements Task<TokenizedExample> {
  private disposed = false;
  private readonly indexByLabel: ReadonlyMap<string, number>;

  private constructor(
    /** The encoder below the head; `dispose` of it when done. */
    readonly encoder: SentenceEncoder,
    /** Names of the classes, in the order of the logits. */
    readonly labels: readonly string[],
    /** @internal Its adapter, by whatever name; null where it is the head alone. */
    readonly modelAdapter: ModelAdapter | null,
    /** The linear head on the sentence vectors. */
    readonly head: ClassificationHead,
  ) {
    Object.freeze(labels);
    this.indexByLabel = new Map(labels.map((label, i) => [label, i]));
  }

  /** Adds an adapter to the encoder, unless `lora` is null, and a new head. Throws `ConfigError` for fewer than two labels or doubled ones. */
  static create(encoder: SentenceEncoder, options: ClassifierOptions): TextClassifier {
    checkOptions("TextClassifier.create", options, ["labels", "lora", "adapter"]);
    const { labels: given, lora = {}, adapter = "classifier" } = options;
    checkEncoder("TextClassifier.create", encoder);
    const labels = takeLabels(given);
    const { graph, hiddenSize } = encoder;
    return TextClassifier.with(
      encoder,
      labels,
      lora === null ? null : { name: adapter, add: () => encoder.addAdapter(adapter, lora) },
      () => ClassificationHead.create(graph, hiddenSize, labels.length),
    );
  }

  /**
   * A classifier from what `save` gave.
   *
   * @param options.adapter name that its adapter gets in the encoder; default "classifier"
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError` or `FormatError` where the files do not fit.
   */
  static load(
    encoder: SentenceEncoder,
    files: FileMap,
    options: WeightOptions & { adapter?: string } = {},
  ): TextClassifier {
    checkOptions("TextClassifier.load", options, ["adapter", "allowNonFinite"]);
    const { adapter = "classifier", ...others } = options;
    const rest = takeWeightOptions("TextClassifier.load", others);
    checkEncoder("TextClassifier.load", encoder);
    const { labels, weight, bias, adapted } = readHead(files, encoder.hiddenSize, encoder.pooling, rest);
    return TextClassifier.with(
      encoder,
      labels,
      adapted ? { name: adapter, add: () => encoder.loadAdapter(adapter, files, rest) } : null,
      () => new ClassificationHead(encoder.graph, weight, bias),
    );
  }

  /** Both an adapter, where there is to be one, and a head, or, where the head cannot be made, neither. */
  private static with(
    encoder: SentenceEncoder,
    labels: readonly string[],
    adapter: { readonly name: string; readonly add: () => void } | null,
    makeHead: () => ClassificationHead,
  ): TextClassifier {
    if (adapter === null) return new TextClassifier(encoder, labels, null, encoder.graph.allOrNothing(makeHead));
    const { name, add } = adapter;
    const active = encoder.adapters().find((known) => known.active)?.name ?? null;
    return encoder.graph.allOrNothing(() => {
      add();
      try {
        return new TextClassifier(encoder, labels, encoder.adapter(name), encoder.graph.allOrNothing(makeHead));
      } catch (error) {
        encoder.removeAdapter(name);
        encoder.setAdapter(active);
        throw error;
      }
    });
  }

  /** Name of the classifier's adapter in the encoder; null where it is the head alone. */
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
   * Trains adapter and head together, from what they are now. Other calls on the encoder may run meanwhile, training of other adapters too.
   * Throws `ConfigError` for a label that the classifier does not have, while an adapter is merged into the base, and
   * while another `fit` trains this classifier; see `fit` for the rest.
   */
  async fit(examples: readonly Example[], options: ClassifierFitOptions = {}): Promise<FitReport> {
    this.checkTrainable();
    const prepared = this.prepare(examples);
    const [lr, rest] = takeHeadRate(options);
    if (lr === undefined) return fit(this, prepared, rest);
    nonNegative("fit", "headLearningRate", lr);
    const head = { params: this.head.params(), lr };
    const groups = () => (this.modelAdapter === null ? [head] : [{ params: this.modelAdapter.params() }, head]);
    const { graph } = this;
    const task: Task<TokenizedExample> = {
      graph,
      groups,
      params: () => this.params(),
      loss: (batch) => this.loss(batch),
      memory: (batch) => this.memory(batch),
    };
    return fit(task, prepared, rest);
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
    this.checkTrainable();
    const settings = takeFitHeadOptions("fitHead", options);
    const taken = takeExamples(examples);
    const targets = taken.map(({ label }) => this.target(label));
    const { head, graph, labels, encoder, modelAdapter } = this;
    const release = claimParameters(graph, this.params());
    try {
      const texts = taken.map(({ text }) => text);
      const fitted = await fitToTexts(encoder, modelAdapter, texts, targets, labels.length, settings);
      graph.setValue(head.weight, fitted.weight);
      graph.setValue(head.bias, fitted.bias);
      return { regularisation: fitted.regularisation, iterations: fitted.iterations };
    } finally {
      release();
    }
  }

  /** Summed cross entropy of some examples. */
  loss(examples: readonly TokenizedExample[]): BatchLoss {
    this.checkTrainable();
    const taken = this.takeTokenized("loss", examples);
    const batch = raggedBatch(taken.map(({ ids }) => ids));
    const logits = this.head.logits(this.encoder.pooled(batch, this.modelAdapter));
    const targets = taken.map(({ target }) => target);
    const sum = this.graph.crossEntropy(logits, targets, { reduction: "sum" });
    return { sum, targets: targets.length, tokens: batch.ids.length };
  }

  /** Bytes that a step on these examples takes. */
  memory(examples: readonly TokenizedExample[]): number {
    const tokens = this.takeTokenized("memory", examples).reduce((sum, { ids }) => sum + ids.length, 0);
    return this.encoder.model.stepMemory({ tokens, rank: this.modelAdapter?.config.r ?? 0 });
  }

  /**
   * The most likely label of each text, with probabilities. Throws `NonFiniteError` where adapter or head give logits
   * that are no numbers.
   */
  async predict(texts: readonly string[], options: ClassifyOptions = {}): Promise<Prediction[]> {
    const asked = takeTexts(texts);
    const logits = await this.logits(asked, options);
    return asked.map((text, i) => prediction(text, this.labels, logits[i]!, i));
  }

  /** Accuracy, loss and confusion matrix on known examples. Throws as `predict` does. */
  async evaluate(examples: readonly Example[], options: ClassifyOptions = {}): Promise<Metrics> {
    const taken = takeExamples(examples);
    const targets = taken.map(({ label }) => this.target(label));
    const logits = await this.logits(
      taken.map(({ text }) => text),
      options,
    );
    return metrics(logits, targets, this.labels.length);
  }

  /** Logits of each text, `[classes]`, with adapter and head as they are when the call begins. */
  async logits(texts: readonly string[], options: ClassifyOptions = {}): Promise<Float32Array[]> {
    checkOptions("logits", options, ["signal", "onProgress"]);
    const head = this.head.snapshot();
    return this.encoder.infer(texts, head, { ...options, adapter: this.modelAdapter });
  }

  /** The adapter, where there is one, as PEFT's files, and head and labels in files beside them. */
  save(): FileMap {
    const { adapter, encoder, head, labels } = this;
    const files = writeHead(head, labels, encoder.pooling, adapter !== null);
    return adapter === null ? files : { ...encoder.saveAdapter(adapter), ...files };
  }

  /** Frees adapter and head; the encoder stays. Throws `ConfigError` while they are trained or merged. Safe to call twice, and after the encoder's own. */
  dispose(): void {
    const { adapter, modelAdapter, head } = this;
    const { adapterSet, graph } = this.encoder;
    if (this.disposed) return;
    if (modelAdapter === null && !graph.gone && inTraining(graph, head.params()))
      throw new ConfigError("dispose: the classifier is being trained; await that fit first", { op: "dispose" });
    if (adapter !== null && adapterSet.has(modelAdapter!)) adapterSet.remove(adapter);
    if (!graph.gone) graph.release(this.head.params());
    this.disposed = true;
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Checks every example before the first is worked on; what is done to the list afterwards changes nothing. */
  private prepare(examples: readonly Example[]): TokenizedExample[] {
    const { tokenizer } = this.encoder;
    return takeExamples(examples).map(({ text, label }) => {
      let tokens: Int32Array | undefined;
      // Tokens when a step first needs them: to turn 20,000 texts into some takes seconds, in which nothing was heard.
      return {
        target: this.target(label),
        get ids() {
          return (tokens ??= tokenizer.encode(text));
        },
      };
    });
  }

  /** A copy of examples as `loss` takes them, each field read once. */
  private takeTokenized(what: string, examples: readonly TokenizedExample[]): TokenizedExample[] {
    return listFrom(`${what}: a list of { ids, target } is expected`, examples, (example, i) => {
      checkRecord(`${what}: example ${i} is { ids, target }`, example);
      const { ids, target } = example as unknown as TokenizedExample;
      const tokens = typedKind(ids) === "Int32Array" ? ids : integersOf(what, `ids of example ${i}`, ids).data;
      return { ids: tokens, target: whole(what, `target of example ${i}`, target, 0, this.labels.length - 1) };
    });
  }

  private checkTrainable(): void {
    this.encoder.adapterSet.checkTrainable(this.modelAdapter);
  }

  private target(label: string): number {
    const index = this.indexByLabel.get(label);
    if (index !== undefined) return index;
    throw new ConfigError(`label ${excerpt(label)} is not one of ${excerpt(this.labels)}`, { label });
  }
}

/** What the logits of text number `i` say of it. */
export function prediction(text: string, labels: readonly string[], logits: Float32Array, i: number): Prediction {
  const { probabilities, best } = classProbabilities(logits, `text ${i}`);
  const byLabel = Object.fromEntries(labels.map((label, j) => [label, probabilities[j]!]));
  return { text, label: labels[best]!, probability: probabilities[best]!, probabilities: byLabel };
}

/** The head's rate, and the other options, inherited ones too, each read once. What is none goes on to `fit`, which says so. */
function takeHeadRate(options: ClassifierFitOptions): [rate: number | undefined, rest: FitOptions] {
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options))
    return [undefined, options];
  const own: Record<string, unknown> = {};
  for (const name in options) own[name] = options[name as keyof ClassifierFitOptions];
  const { headLearningRate, ...rest } = own as ClassifierFitOptions;
  return [headLearningRate, rest];
}

function takeExamples(examples: readonly Example[]): Example[] {
  return listFrom("a list of examples is expected", examples, (example, i) => {
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
