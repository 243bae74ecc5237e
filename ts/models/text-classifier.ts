import { ConfigError, FormatError } from "../errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import { transpose } from "../io/peft/transpose.js";
import { readSafetensors, writeSafetensors } from "../io/safetensors/index.js";
import { ClassificationHead } from "../nn/classification-head.js";
import { fit } from "../train/fit.js";
import type { FitOptions, FitReport } from "../train/fit-options.js";
import { logProbabilities, metrics, type Metrics } from "../train/metrics.js";
import type { BatchLoss, Task } from "../train/task.js";
import { stepMemory } from "./estimate-memory.js";
import type { LoraOptions } from "./lora-options.js";
import { raggedBatch } from "./ragged-batch.js";
import type { InferOptions, SentenceEncoder } from "./sentence-encoder.js";

/** A text and what it is. */
export interface Example {
  /** The text as a user would write it. */
  readonly text: string;
  /** Name of its class. */
  readonly label: string;
}

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

/** A new classifier. */
export interface ClassifierOptions {
  /** Names of the classes, two or more. */
  readonly labels: readonly string[];
  /** The adapter that is trained along with the head. */
  readonly lora?: LoraOptions;
  /** Name of that adapter in the encoder; default "classifier". */
  readonly adapter?: string;
}

interface TokenizedExample {
  readonly ids: Int32Array;
  readonly target: number;
}

const HEAD_FILE = "head.safetensors";
const LABELS_FILE = "labels.json";

/**
 * A text classifier: a sentence encoder with an adapter and a linear head on its sentence vectors, trained together.
 *
 * @example
 * const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
 * await classifier.fit([{ text: "a fine day", label: "yes" }, …], { steps: 100 });
 * await classifier.predict(["what a day"]); // [{ label: "yes", probability: 0.93, … }]
 */
export class TextClassifier implements Task<TokenizedExample> {
  private constructor(
    /** The encoder below the head; `dispose` of it when done. */
    readonly encoder: SentenceEncoder,
    /** Names of the classes, in the order of the logits. */
    readonly labels: readonly string[],
    /** Name of the classifier's adapter in the encoder. */
    readonly adapter: string,
    /** The linear head on the sentence vectors. */
    readonly head: ClassificationHead,
  ) {}

  /** Adds an adapter to the encoder and a new head. Throws `ConfigError` for fewer than two labels or doubled ones. */
  static create(encoder: SentenceEncoder, options: ClassifierOptions): TextClassifier {
    const { labels, lora = {}, adapter = "classifier" } = options;
    checkLabels(labels);
    encoder.addAdapter(adapter, lora);
    const head = ClassificationHead.create(encoder.graph, encoder.hiddenSize, labels.length);
    return new TextClassifier(encoder, [...labels], adapter, head);
  }

  /** A classifier from what `save` gave. Throws `AdapterError` or `FormatError` where the files do not fit. */
  static load(encoder: SentenceEncoder, files: FileMap, options: { adapter?: string } = {}): TextClassifier {
    const { adapter = "classifier" } = options;
    const labels = readLabels(files[LABELS_FILE]);
    const head = readHead(files[HEAD_FILE], encoder.hiddenSize, labels.length);
    encoder.loadAdapter(adapter, files);
    return new TextClassifier(encoder, labels, adapter, new ClassificationHead(encoder.graph, head.weight, head.bias));
  }

  /** The encoder's graph, which head and adapter live in. */
  get graph(): Graph {
    return this.encoder.graph;
  }

  /** Adapter and head. */
  params(): NodeId[] {
    return [...this.encoder.adapter(this.adapter).params(), ...this.head.params()];
  }

  /** Trains adapter and head together. Throws `ConfigError` for a label that the classifier does not have. */
  fit(examples: readonly Example[], options: FitOptions = {}): Promise<FitReport> {
    const tokenized = examples.map(({ text, label }) => ({
      ids: this.encoder.tokenizer.encode(text),
      target: this.target(label),
    }));
    this.encoder.setAdapter(this.adapter);
    return fit(this, tokenized, options);
  }

  /** Summed cross entropy of some examples. */
  loss(examples: readonly TokenizedExample[]): BatchLoss {
    const batch = raggedBatch(examples.map(({ ids }) => ids));
    const logits = this.head.logits(this.encoder.pooled(batch));
    const targets = examples.map(({ target }) => target);
    const sum = this.graph.crossEntropy(logits, targets, { reduction: "sum" });
    return { sum, targets: targets.length, tokens: batch.ids.length };
  }

  /** Bytes that a step on these examples takes. */
  memory(examples: readonly TokenizedExample[]): number {
    const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
    return stepMemory(this.encoder.model.config, tokens, this.encoder.adapter(this.adapter).config.r);
  }

  /** The most likely label of each text, with probabilities. */
  async predict(texts: readonly string[], options: { signal?: AbortSignal } = {}): Promise<Prediction[]> {
    const logits = await this.logits(texts, options);
    return texts.map((text, i) => {
      const probabilities = logProbabilities(logits[i]!).map(Math.exp);
      const best = probabilities.indexOf(Math.max(...probabilities));
      const byLabel = Object.fromEntries(this.labels.map((label, j) => [label, probabilities[j]!]));
      return { text, label: this.labels[best]!, probability: probabilities[best]!, probabilities: byLabel };
    });
  }

  /** Accuracy, loss and confusion matrix on known examples. */
  async evaluate(examples: readonly Example[], options: InferOptions = {}): Promise<Metrics> {
    const targets = examples.map(({ label }) => this.target(label));
    const logits = await this.logits(
      examples.map(({ text }) => text),
      options,
    );
    return metrics(logits, targets, this.labels.length);
  }

  /** Logits of each text, `[classes]`. */
  async logits(texts: readonly string[], options: InferOptions = {}): Promise<Float32Array[]> {
    this.encoder.setAdapter(this.adapter);
    return this.encoder.infer(texts, (pooled) => this.head.logits(pooled), options);
  }

  /** The adapter as PEFT's files, and head and labels in files beside them. */
  save(): FileMap {
    const { graph, head } = this;
    const weight = transpose(graph.value(head.weight));
    return {
      ...this.encoder.saveAdapter(this.adapter),
      [HEAD_FILE]: writeSafetensors({ weight, bias: graph.value(head.bias) }),
      [LABELS_FILE]: new TextEncoder().encode(`${JSON.stringify({ labels: this.labels, pooling: "mean" }, null, 2)}\n`),
    };
  }

  private target(label: string): number {
    const index = this.labels.indexOf(label);
    if (index >= 0) return index;
    throw new ConfigError(`label "${label}" is not one of ${this.labels.map((known) => `"${known}"`).join(", ")}`, {
      label,
    });
  }
}

function checkLabels(labels: readonly string[]): void {
  if (labels.length < 2) throw new ConfigError(`a classifier needs two labels or more, got ${JSON.stringify(labels)}`);
  const doubled = labels.find((label, i) => labels.indexOf(label) !== i);
  if (doubled !== undefined) throw new ConfigError(`label "${doubled}" is named twice`, { label: doubled });
}

function readLabels(bytes: Uint8Array | undefined): string[] {
  if (bytes === undefined)
    throw new FormatError(`${LABELS_FILE} is missing: a classifier's labels stand beside its adapter`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FormatError(`${LABELS_FILE} is no JSON: ${String(cause)}`, {}, { cause });
  }
  const labels: unknown = (json as { labels?: unknown } | null)?.labels;
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new FormatError(`${LABELS_FILE} must hold { "labels": [names] }`);
  }
  checkLabels(labels);
  return labels;
}

/** The file holds the weight as PyTorch does, `[classes, hidden]`. */
function readHead(bytes: Uint8Array | undefined, hidden: number, classes: number) {
  if (bytes === undefined)
    throw new FormatError(`${HEAD_FILE} is missing: a classifier's head stands beside its adapter`);
  const file = readSafetensors(bytes, HEAD_FILE);
  const [weight, bias] = [file.tensor("weight"), file.tensor("bias")];
  const fits = weight.shape.join() === [classes, hidden].join() && bias.shape.join() === String(classes);
  if (!fits) {
    throw new FormatError(
      `${HEAD_FILE}: weight [${classes}, ${hidden}] and bias [${classes}] are expected for ${classes} labels and this encoder, ` +
        `got [${weight.shape.join(", ")}] and [${bias.shape.join(", ")}]`,
    );
  }
  return { weight: transpose(weight), bias };
}
