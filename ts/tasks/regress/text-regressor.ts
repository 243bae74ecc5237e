import { LORA_OPTIONS, type LoraOptions } from "../../adapters/lora-options.js";
import { listFrom } from "../../arguments/settings.js";
import { checkNothing, checkOptions, copiedOptions, WRITE_THEM } from "../../arguments/options.js";
import { ConfigError, NonFiniteError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { copiedSource, type FileMap, type SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { transpose } from "../../io/peft/conv1d.js";
import { writeSafetensors } from "../../io/safetensors/index.js";
import { MODEL_OPTIONS } from "../../models/sentence/encoder-options.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { regressionMetrics, type RegressionMetrics } from "../../train/evaluators/regression-metrics.js";
import { checkClassifier, opener, TextClassifier } from "../classify/text-classifier.js";
import { HEAD_FILE, type NumberLimits, writeLabelsBeside } from "../head/classifier-files.js";
import {
  checkEncoder,
  type ClassifierParts,
  type ClassifyOptions,
  type LoadClassifierOptions,
  loadedParts,
  type OpenRunOptions,
  whole,
} from "../head/classifier-parts.js";

/** What a head's outputs are in the unit of the data: `mean + deviation * output`, within the limits. */
export interface NumberScale extends NumberLimits {
  readonly mean: number;
  readonly deviation: number;
}

/** A text with its number, as `TextRegressor.evaluate` takes it. */
export interface NumberExample {
  /** The text. */
  readonly text: string;
  /** Number of the text. */
  readonly target: number;
}

/**
 * Predicts a number for a text: a sentence encoder with an adapter and a linear head with one output. `runJob` with `task: "regress"`, or
 * `lowrank finetune --task regress`, trains it.
 *
 * @example
 * const regressor = TextRegressor.load(encoder, files);
 * await regressor.predict(["what a day"]); // [4.3]
 */
export class TextRegressor {
  /** @internal Adapter, head and tokenizer, as classifiers have them: one output. */
  readonly model: TextClassifier;
  /** @internal */
  readonly scale: NumberScale;
  private readonly merged: string | null;

  private constructor(parts: ClassifierParts, scale: NumberScale) {
    this.merged = parts.merged;
    this.model = new (TextClassifier as unknown as new (parts: ClassifierParts) => TextClassifier)(parts);
    this.scale = scale;
  }

  /** @internal A new adapter, unless `lora` is null, and a head. @param name what is predicted: the column of the numbers */
  static create(encoder: SentenceEncoder, name: string, scale: NumberScale, lora: LoraOptions | null): TextRegressor {
    const what = "TextRegressor.create";
    checkEncoder(what, encoder);
    if (lora !== null) checkOptions(what, lora, LORA_OPTIONS);
    const { graph, hiddenSize, adapterSet, tokenizer } = encoder;
    const parts = whole(
      { encoder, labels: [name], tokenizer, merged: null },
      () => (lora === null ? null : adapterSet.add("classifier", lora, { what, classifier: true })),
      () => ClassificationHead.create(graph, hiddenSize, 1),
    );
    return new TextRegressor(parts, scale);
  }

  /**
   * Loads the files of a run with `task: "regress"` on the encoder that it was trained on. Texts are truncated as in training, whatever the
   * encoder's own limit.
   *
   * @param options.adapter name of its adapter in the encoder; default "classifier"
   * @param options.allowNonFinite accept values that are NaN or infinite; default false
   * @param options.allowOtherBase accept an encoder with other weights; default false
   * Throws `AdapterError` or `FormatError` if the files do not fit, or belong to another encoder.
   */
  static load(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): TextRegressor {
    return TextRegressor.of(loadedParts(encoder, files, options, "TextRegressor.load", "regress"));
  }

  /**
   * Loads a run's model, or PEFT's adapter of a `SEQ_CLS` model with one output, and its encoder. `dispose` frees both. Throws as `load`, and
   * `ModelError` if the encoder cannot be found.
   *
   * @param source a folder (in runtimes with a file system), a URL, or the files by name
   */
  static async open(source: string | FileMap | ModelSource, options: OpenRunOptions = {}): Promise<TextRegressor> {
    const what = "TextRegressor.open";
    checkOptions(what, options, ["model", "adapter", "allowOtherBase", ...MODEL_OPTIONS]);
    const given = copiedOptions(options);
    const from = copiedSource(source);
    if (given.model !== undefined) Object.assign(given, { model: copiedSource(given.model) });
    const { openedRegressor } = await opener();
    return TextRegressor.of(await openedRegressor(from, given, what));
  }

  private static of(parts: ClassifierParts): TextRegressor {
    return new TextRegressor(parts, { mean: 0, deviation: 1, ...parts.limits! });
  }

  /** The encoder below. */
  get encoder(): SentenceEncoder {
    return this.model.encoder;
  }

  /** What is predicted: the column of the numbers. */
  get name(): string {
    return this.model.labels[0]!;
  }

  /** The number of each text, in the unit of the data that were trained on. Throws `NonFiniteError` for NaN and infinity. */
  async predict(texts: readonly string[], options: ClassifyOptions = {}): Promise<number[]> {
    const outputs = await this.model.logits(texts, options);
    return outputs.map(([output], i) => numberOf(output!, this.scale, `text ${i}`));
  }

  /** Errors and correlations of the predictions for texts with their numbers. Throws `ConfigError` without examples, and as `predict`. */
  async evaluate(examples: readonly NumberExample[], options: ClassifyOptions = {}): Promise<RegressionMetrics> {
    const taken = listFrom("evaluate: a list of examples is expected", examples, (example, i) => {
      const { text, target } = (example as Partial<NumberExample> | null | undefined) ?? {};
      if (typeof text === "string" && Number.isFinite(target)) return { text, target: target! };
      const expected = "{ text, target } of a string and a finite number";
      throw new ConfigError(`example ${i}: ${expected} is expected, got ${excerpt(example)}`, { expected, place: i });
    });
    if (taken.length === 0)
      throw new ConfigError("evaluate: there are no examples to measure", { op: "evaluate", length: 0 });
    const texts = taken.map(({ text }) => text);
    const targets = taken.map(({ target }) => target);
    return regressionMetrics(await this.predict(texts, options), targets);
  }

  /** Adapter as PEFT's files; the head, whose output is in the unit of the data; and in labels.json what else decides predictions. */
  save(...nothing: never[]): SavedFiles {
    checkNothing("save", nothing, WRITE_THEM);
    checkClassifier("save", this.model);
    const { model, scale, merged } = this;
    const { encoder, head, labels, tokenizer, adapter } = model;
    const { name, fingerprint, pooling } = encoder;
    const { maxTokens, lowercase } = tokenizer;
    const { mean, deviation, min, max } = scale;
    const about = { labels, pooling: String(pooling), maxTokens, lowercase, base: { name, fingerprint }, merged };
    const weight = transpose(encoder.graph.value(head.weight));
    const bias = encoder.graph.value(head.bias);
    return {
      ...(adapter === null ? {} : encoder.saveAdapter(adapter)),
      [HEAD_FILE]: writeSafetensors({
        weight: { shape: weight.shape, data: weight.data.map((x) => deviation * x) },
        bias: { shape: bias.shape, data: bias.data.map((x) => mean + deviation * x) },
      }),
      ...writeLabelsBeside({ ...about, adapted: adapter !== null, task: "regress", limits: { min, max } }),
    };
  }

  /** Frees adapter and head. Safe to call twice, and after the encoder's own `dispose`. Other calls then throw `StaleNodeError`. */
  dispose(): void {
    this.model.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The number that an output of the head stands for. Throws `NonFiniteError` for NaN and infinity; `what` begins the message. */
export function numberOf(output: number, { mean, deviation, min, max }: NumberScale, what: string): number {
  const number = mean + deviation * output;
  if (Number.isFinite(number)) return Math.min(Math.max(number, min ?? -Infinity), max ?? Infinity);
  throw new NonFiniteError(`${what}: the output is ${output}: adapter, head or base hold NaN or infinite values`, {
    what,
  });
}
