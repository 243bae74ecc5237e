import { ModelError, UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { GatedActivation } from "../ops/elementwise/gated-unit.js";
import type { Graph, NodeId } from "../graph/graph.js";

const exact = (graph: Graph, x: NodeId) => graph.gelu(x);
const cubic = (graph: Graph, x: NodeId) => graph.gelu(x, { approximate: "tanh" });
const silu = (graph: Graph, x: NodeId) => graph.silu(x);

/** Activations by transformers' names, of which several mean one function. */
export const activations = {
  gelu: exact,
  gelu_python: exact,
  gelu_new: cubic,
  gelu_fast: cubic,
  gelu_pytorch_tanh: cubic,
  quick_gelu: (graph: Graph, x: NodeId) => graph.quickGelu(x),
  relu: (graph: Graph, x: NodeId) => graph.relu(x),
  silu,
  swish: silu,
  tanh: (graph: Graph, x: NodeId) => graph.tanh(x),
} as const;

export type Activation = keyof typeof activations;

export const activationNames = Object.keys(activations) as Activation[];

// Values of a config.json: each is read once and checked; errors name it.

/** A parsed config.json. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** Indices and sizes are 32-bit numbers in the kernels. The model's actual sizes are compared with its tensors. */
const MAX_SIZE = 2 ** 31 - 1;

/** A whole number; `fallback` if missing. */
export function whole(json: ConfigJson, key: string, least = 1, fallback?: number, most = MAX_SIZE): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new ModelError(`config.json: ${key} must be a whole number from ${least} to ${most}, got ${excerpt(value)}`, {
    key,
    value,
  });
}

/** The epsilon that a norm adds to a variance. */
export function epsilon(json: ConfigJson, key: string, fallback = 1e-12): number {
  const value = json[key] ?? fallback;
  // As float32, it must still prevent a division by 0.
  if (typeof value === "number" && Math.fround(value) > 0 && value < 1) return value;
  throw new ModelError(`config.json: ${key} must be a small positive number, got ${excerpt(value)}`, { key, value });
}

/** One of some words; the first if missing. */
export function word<T extends string>(json: ConfigJson, key: string, words: readonly T[]): T {
  const value = json[key] ?? words[0];
  if (words.includes(value as T)) return value as T;
  const known = words.map((name) => `"${name}"`);
  const list = known.length === 1 ? `only ${known[0]} is` : `${known.slice(0, -1).join(", ")} and ${known.at(-1)} are`;
  throw new UnsupportedError(`config.json: ${key} ${excerpt(value)}; ${list} supported`, { key, value });
}

/** A boolean; `fallback` if missing. */
export function flag(json: ConfigJson, key: string, fallback: boolean): boolean {
  const value = json[key] ?? fallback;
  if (typeof value === "boolean") return value;
  throw new ModelError(`config.json: ${key} must be true or false, got ${excerpt(value)}`, { key, value });
}

/** A finite number above 0; `fallback` if missing, NaN for a required one. */
export function positive(json: ConfigJson, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  const given = Number.isNaN(fallback) ? json[key] : value;
  throw new ModelError(`config.json: ${key} must be a number above 0, got ${excerpt(given)}`, { key, value: given });
}

/** A number; `fallback` if missing. */
export function numberOr(json: ConfigJson, key: string, fallback: number): number {
  const value = json[key];
  return typeof value === "number" ? value : fallback;
}

/** Throws `UnsupportedError` for a variant that is not supported. */
export function refuse(json: ConfigJson, key: string): void {
  const value = json[key];
  if (value === undefined || value === null || value === false) return;
  throw new UnsupportedError(`config.json: ${key} ${excerpt(value)} is not supported; false is`, { key, value });
}

const gatedForms: Partial<Record<Activation, GatedActivation>> = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
};

/** The kernels' name of a gated unit's activation. Throws `UnsupportedError` for an activation that they lack. */
export function gatedOf(activation: Activation): GatedActivation {
  const found = gatedForms[activation];
  if (found !== undefined) return found;
  throw new UnsupportedError(
    `config.json: a gated inner layer by "${activation}" is not supported; SiLU and GELU are`,
    {
      key: "hidden_act",
      value: activation,
    },
  );
}
