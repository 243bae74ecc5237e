import { checkOptions } from "../arguments/options.js";
import { oneOf } from "../arguments/settings.js";
import { StaleNodeError } from "../errors/errors.js";
import type { NodeId } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import type { ModelSource } from "../io/model-source.js";
import { type InferOptions, takeInferOptions, takeTexts } from "../models/sentence/infer-options.js";
import { inferTexts } from "../models/sentence/inference.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { ENCODER_OPTIONS, type EncoderOptions, sourceOf } from "./open-classifier.js";
import { loadTokenHead, type TokenHead } from "./token-head.js";
import { spansOf, type TokenScores, type TokenSpan } from "./token-spans.js";

/** How tokens are classified. */
export interface TokenClassifyOptions extends Omit<InferOptions, "adapters"> {
  /**
   * "simple" (default): neighbouring tokens with the same label are one span; "B-" and "I-" before labels say where one begins and
   * goes on, and "O" is left out. "none": a span for each token, "O" included. Both as in transformers' pipeline.
   */
  readonly aggregation?: "simple" | "none";
}

/**
 * Labels of a text's tokens (names, places, parts of speech): a checkpoint of transformers' `AutoModelForTokenClassification`. Adapters are
 * those of its encoder.
 *
 * @example
 * using classifier = await TokenClassifier.open("./bert-base-NER");
 * await classifier.predict(["Ada Lovelace lived in London"]);
 * // [[{ label: "PER", probability: 0.99, start: 0, end: 12, text: "Ada Lovelace" }, { label: "LOC", … }]]
 */
export class TokenClassifier {
  /** The model below the head; it goes with the classifier's `dispose`. */
  readonly encoder: SentenceEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];

  private constructor(
    encoder: SentenceEncoder,
    private readonly head: TokenHead,
  ) {
    this.encoder = encoder;
    this.labels = Object.freeze([...head.labels]);
  }

  /**
   * Loads a checkpoint: a folder where there is a file system, else an address; the files by name; or a `ModelSource`.
   *
   * Throws `ModelError` where the source has no head for tokens, or one that does not fit; otherwise as `SentenceEncoder.load`.
   */
  static async open(source: string | FileMap | ModelSource, options: EncoderOptions = {}): Promise<TokenClassifier> {
    const what = "TokenClassifier.open";
    checkOptions(what, options, ENCODER_OPTIONS);
    const from = await sourceOf(source, options, what, "a model's folder");
    const encoder = await SentenceEncoder.load(from, options);
    try {
      return new TokenClassifier(encoder, await loadTokenHead(what, from, encoder, options));
    } catch (error) {
      encoder.dispose();
      throw error;
    }
  }

  /**
   * Labelled spans of each text, from its start on. `start` and `end` count UTF-16 units, as `slice` does. Of a text that is longer
   * than the model takes, only the beginning is looked at.
   *
   * @param options.adapter name of the encoder's adapter that applies, null for the base alone; default the active one
   * Throws `NonFiniteError` where adapter or head give logits that are no numbers.
   */
  async predict(texts: readonly string[], options: TokenClassifyOptions = {}): Promise<TokenSpan[][]> {
    const what = "predict";
    this.checkUsable(what);
    checkOptions(what, options, ["adapter", "signal", "onProgress", "aggregation"]);
    const { aggregation = "simple", ...rest } = options;
    oneOf(what, "aggregation", aggregation, ["simple", "none"]);
    const asked = takeTexts(what, texts);
    const scores = await this.scores(what, asked, rest);
    return asked.map((text, i) => spansOf(text, this.labels, scores[i]!, aggregation, i));
  }

  /** Logits of each text's tokens `[tokens, classes]`, special ones included. */
  async logits(texts: readonly string[], options: Omit<InferOptions, "adapters"> = {}): Promise<Float32Array[]> {
    this.checkUsable("logits");
    checkOptions("logits", options, ["adapter", "signal", "onProgress"]);
    const scores = await this.scores("logits", takeTexts("logits", texts), options);
    return scores.map(({ logits }) => logits);
  }

  private async scores(what: string, texts: readonly string[], options: InferOptions): Promise<TokenScores[]> {
    const { adapter, signal, onProgress } = takeInferOptions(what, options);
    const { encoder, head, labels } = this;
    const { graph, model, adapterSet, tokenizer } = encoder;
    const tokens: { first: number; offsets: Int32Array; length: number }[] = [];
    function* tokenized() {
      for (const text of texts) {
        const { ids, first, offsets } = tokenizer.encodeWithOffsets(text);
        tokens.push({ first, offsets, length: ids.length });
        yield ids;
      }
    }
    // Every token's own vector, where other tasks have one of each text.
    const pooling = { pool: (_: unknown, hidden: NodeId) => hidden };
    const read = (hidden: NodeId, first: number, count: number) => {
      const { data } = graph.value(head.logits(hidden));
      let at = 0;
      return tokens.slice(first, first + count).map(({ length }) => {
        const own = data.slice(at, at + length * labels.length);
        at += own.length;
        return own;
      });
    };
    const events = { signal, onProgress };
    const rows = await inferTexts({ graph, model, adapterSet, pooling }, tokenized(), adapter, read, events);
    return rows.map((logits, i) => ({ ...tokens[i]!, logits }));
  }

  /** Frees model, head and adapters. Safe to call twice. */
  dispose(): void {
    this.encoder.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private checkUsable(what: string): void {
    const { graph } = this.encoder;
    if (!graph.gone || graph.engine.closed) return;
    throw new StaleNodeError(`${what}: this classifier was disposed of; open it again`, {
      op: what,
      reason: "disposed",
    });
  }
}
