import type { LoraOptions } from "../../adapters/lora-options.js";
import { listFrom, whole } from "../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import { isJsonObject, type Json } from "../../io/json.js";
import type { ModelSource } from "../../io/model-source.js";
import type { InferOptions, LoadOptions } from "../../models/sentence/encoder-options.js";
import { exp } from "../../values/elementary.js";
import { takeLabels } from "../head/classifier-files.js";

/** What makes scores of logits. */
export type CrossActivation = "identity" | "sigmoid" | "softmax" | "tanh" | "relu";

/** Options of `CrossEncoder.create`. */
export interface CrossEncoderOptions {
  /** Number of logits of a pair, or the names of classes. One is a score of how well the two texts fit. Default 1. */
  readonly labels?: number | readonly string[];
  /** Options of the adapter to train together with the head; null to train only the head. */
  readonly lora?: LoraOptions | null;
  /** Name of the adapter in the encoder; default "cross-encoder". */
  readonly adapter?: string;
  /** What makes scores of logits; default "sigmoid" for one label, "identity" for several. */
  readonly activation?: CrossActivation;
}

/** Options of `CrossEncoder.load`. */
export interface LoadCrossEncoderOptions extends Omit<LoadOptions, "model" | "pooling"> {
  /** Base of a folder with an adapter in place of weights, as `SentenceEncoder.load` takes one; default: what the adapter names. */
  readonly model?: string | FileMap | ModelSource;
  /** Options of an adapter to train together with the head, for a folder without one; default: none. */
  readonly lora?: LoraOptions;
  /** Name of the adapter; default "cross-encoder". */
  readonly adapter?: string;
  /**
   * Instruction beside a pair in the template of a language model that answers "yes" or "no", such as Qwen3-Reranker. Default:
   * the prompt that its files name, else the template's own.
   */
  readonly prompt?: string;
}

/** Options of a cross-encoder's calls. */
export type CrossCallOptions = Pick<InferOptions, "signal" | "onProgress">;

/** Options of `predict`. */
export interface PredictPairsOptions extends CrossCallOptions {
  /** What makes scores of logits; default: the model's. */
  readonly activation?: CrossActivation;
}

/** Options of `rank`. */
export interface RankOptions extends PredictPairsOptions {
  /** Number of texts to return; default: all. */
  readonly topK?: number;
}

/** A text in the order of `rank`. */
export interface RankedText {
  /** Place in the list that was given. */
  readonly index: number;
  /** The text. */
  readonly text: string;
  /** Score for the query. */
  readonly score: number;
}

/** Options of `CrossEncoder.save`. */
export interface SaveCrossEncoderOptions {
  /** Merge the adapter into the weights; default false: PEFT's files of adapter and head in place of weights. */
  readonly merged?: boolean;
  /** Name or path of the base model as the folder's readers have it; default: the name that it was loaded by. */
  readonly base?: string;
  /** Scores by their measures' names, for the model card. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Cancels: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** Names of the labels; LABEL_0 and so on for a number of them, as transformers has it. */
export function labelNames(what: string, labels: number | readonly string[]): readonly string[] {
  if (typeof labels !== "number") return takeLabels(labels);
  whole(what, "labels", labels, 1, 100_000);
  return Array.from({ length: labels }, (_, i) => `LABEL_${i}`);
}

/** A copy of pairs of texts. Throws `ConfigError` for anything else. */
export function takePairs(what: string, pairs: readonly (readonly [string, string])[]): [string, string][] {
  const expected = `${what}: a list of pairs [text, text] is expected`;
  return listFrom(expected, pairs, (pair: unknown, i) => {
    const wrong = () =>
      new ConfigError(`${expected}, number ${i} is ${excerpt(pair)}`, { op: what, option: "pairs", place: i });
    if (!Array.isArray(pair) || pair.length !== 2) throw wrong();
    const [first, second] = pair as unknown[];
    if (typeof first !== "string" || typeof second !== "string") throw wrong();
    return [first, second];
  });
}

/** The scores of a pair by its logits. */
const functions: Readonly<Record<CrossActivation, (logits: readonly number[]) => number[]>> = {
  identity: (logits) => [...logits],
  sigmoid: (logits) => logits.map((x) => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)))),
  tanh: (logits) =>
    logits.map((x) => {
      const e = exp(-2 * Math.abs(x));
      return (Math.sign(x) * (1 - e)) / (1 + e);
    }),
  relu: (logits) => logits.map((x) => (x > 0 || Number.isNaN(x) ? x : 0)),
  softmax(logits) {
    const most = Math.max(...logits);
    const parts = logits.map((x) => exp(x - most));
    const sum = parts.reduce((total, part) => total + part, 0);
    return parts.map((part) => part / sum);
  },
};

export const activationNames = Object.keys(functions) as CrossActivation[];

/** The activation that sentence-transformers uses by default. */
export const defaultActivation = (labels: number): CrossActivation => (labels === 1 ? "sigmoid" : "identity");

/** The score of one pair: a number for one label. */
export function scoresOf(activation: CrossActivation, logits: Float32Array): number | number[] {
  const scores = functions[activation]([...logits]);
  return scores.length === 1 ? scores[0]! : scores;
}

/** PyTorch's classes of activations. */
export const torchClasses: Readonly<Record<CrossActivation, string>> = {
  identity: "torch.nn.modules.linear.Identity",
  sigmoid: "torch.nn.modules.activation.Sigmoid",
  tanh: "torch.nn.modules.activation.Tanh",
  relu: "torch.nn.modules.activation.ReLU",
  softmax: "torch.nn.modules.activation.Softmax",
};

/**
 * The activation that a model's files name: config_sentence_transformers.json, else config.json, also in the words of older versions. Null if
 * they name none. Throws `UnsupportedError` for another function.
 */
export function activationOf(
  name: string,
  settings: Readonly<Record<string, Json>>,
  config: Readonly<Record<string, Json>>,
): CrossActivation | null {
  const own = config["sentence_transformers"];
  const given =
    settings["activation_fn"] ??
    (isJsonObject(own ?? null) ? (own as Readonly<Record<string, Json>>)["activation_fn"] : null) ??
    config["sbert_ce_default_activation_function"] ??
    null;
  if (given === null) return null;
  const word = typeof given === "string" ? given.slice(given.lastIndexOf(".") + 1).toLowerCase() : "";
  const found = activationNames.find((known) => known === word);
  if (found !== undefined) return found;
  throw new UnsupportedError(
    `model ${clip(name)}: activation_fn ${excerpt(given)}; PyTorch's Identity, Sigmoid, Tanh, ReLU and Softmax are supported`,
    { model: name, value: given },
  );
}
