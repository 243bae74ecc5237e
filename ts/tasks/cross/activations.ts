import { UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isJsonObject, type Json } from "../../io/json.js";
import { exp } from "../../values/elementary.js";
import type { CrossActivation } from "./cross-options.js";

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
