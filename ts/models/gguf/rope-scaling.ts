import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { exp, log } from "../../values/elementary.js";
import { rotaryForm } from "../decoder/rotary-form.js";
import { frequenciesOf } from "../rotary-embedding.js";
import { defined, type MetadataValues, shortest } from "./metadata-values.js";

export interface Rotary {
  readonly theta: number;
  /** Number of rotated features of a head. */
  readonly rotated: number;
}

/** `rope_scaling` of config.json. */
type Scaling = Readonly<Record<string, unknown>>;

/** Factors of rotary frequencies that a file has as tensors; null for those that it has not. */
export interface FrequencyFactors {
  /** Llama 3's. */
  readonly all: Float32Array | null;
  /** LongRoPE's, for texts as long as those of the first training. */
  readonly short: Float32Array | null;
}

/** Reads them. */
export async function frequencyFactors(file: Pick<GgufFile, "has" | "tensor">): Promise<FrequencyFactors> {
  const read = async (name: string) => (file.has(name) ? (await file.tensor(name)).data : null);
  return { all: await read("rope_freqs.weight"), short: await read("rope_factors_short.weight") };
}

/**
 * `rope_scaling` of config.json; null for none. As in llama.cpp, factors of all frequencies divide the result of the metadata's scaling.
 * Throws `UnsupportedError` for unknown kinds, `ModelError` unless there is a factor above 0 for each frequency.
 */
export function ropeScaling(values: MetadataValues, rotary: Rotary, factors: FrequencyFactors): Scaling | null {
  const { all, short } = factors;
  if (all === null) return short === null ? declaredScaling(values, rotary) : longScaling(values, short);
  checkFactors(all, rotary);
  const declared = short === null ? declaredScaling(values, rotary) : null;
  if (all.every((value) => value === 1) && short === null) return declared;
  return (declared === null && short === null && llama3Scaling(rotary, all)) || divided(values, rotary, declared, all);
}

function declaredScaling(values: MetadataValues, rotary: Rotary): Scaling | null {
  const type = values.text("rope.scaling.type");
  if (type === undefined || type === "none") return null;
  const factor = values.number("rope.scaling.factor");
  if (type === "linear" && factor !== undefined) return { rope_type: "linear", factor };
  if (type === "yarn" && factor !== undefined) return yarnScaling(values, rotary, factor);
  throw new UnsupportedError(
    `rope.scaling.type ${excerpt(type)} is not supported; "linear" and "yarn" with a factor are`,
    {
      key: "rope.scaling.type",
      value: type,
    },
  );
}

/**
 * YaRN's. `yarn_log_multiplier` is `mscale_all_dim` beside an `mscale` of 1, and `attn_factor` a factor of what both make, as in llama.cpp,
 * which ignores `yarn_attn_factor`.
 */
function yarnScaling(values: MetadataValues, { theta, rotated }: Rotary, factor: number): Scaling {
  const mixed = values.number("rope.scaling.yarn_ext_factor") ?? 1;
  // Below 0 is none in llama.cpp.
  if (mixed >= 0 && mixed !== 1)
    throw new UnsupportedError(`rope.scaling.yarn_ext_factor ${excerpt(mixed)} is not supported; 1 is`, {
      key: "rope.scaling.yarn_ext_factor",
      value: mixed,
    });
  const all = values.number("rope.scaling.yarn_log_multiplier") || undefined;
  const yarn = defined({
    rope_type: "yarn",
    factor,
    original_max_position_embeddings: values.number("rope.scaling.original_context_length"),
    beta_fast: values.number("rope.scaling.yarn_beta_fast"),
    beta_slow: values.number("rope.scaling.yarn_beta_slow"),
    mscale: all && 1,
    mscale_all_dim: all,
  });
  const times = values.number("rope.scaling.attn_factor") ?? 1;
  if (times === 1) return yarn;
  const size = { headDim: rotated, maxPositions: values.required("context_length") };
  return { ...yarn, attention_factor: times * rotaryForm(yarn, size, { theta }).factor };
}

function checkFactors(factors: Float32Array, { rotated }: Rotary): void {
  const strange = factors.find((value) => !(value > 0 && value < Infinity));
  if (factors.length === rotated / 2 && strange === undefined) return;
  throw new ModelError(
    `rope_freqs.weight: a number above 0 for each of ${rotated / 2} rotary frequencies is expected, got ` +
      (strange === undefined ? `${factors.length} numbers` : `${strange} among them`),
    { tensor: "rope_freqs.weight", expected: rotated / 2, length: factors.length },
  );
}

/** Frequencies over any factors: what config.json has for that is LongRoPE's, with the same factors for texts of every length. */
function divided(values: MetadataValues, rotary: Rotary, declared: Scaling | null, factors: Float32Array): Scaling {
  const positions = values.required("context_length");
  const { theta, rotated } = rotary;
  const form = rotaryForm(declared, { headDim: rotated, maxPositions: positions }, { theta });
  const plain = frequenciesOf(rotated, theta);
  const each = Array.from(factors, (value, i) =>
    declared === null ? shortest(value) : (value * plain[i]!) / form.frequencies[i]!,
  );
  return {
    rope_type: "longrope",
    short_factor: each,
    long_factor: each,
    original_max_position_embeddings: positions,
    attention_factor: form.factor * (isYarn(declared) ? 1 : (values.number("rope.scaling.attn_factor") ?? 1)),
  };
}

/** Whether the factor of cosine and sine is in it. */
const isYarn = (declared: Scaling | null) => declared?.["rope_type"] === "yarn";

const longScaling = (values: MetadataValues, factors: Float32Array) =>
  defined({
    rope_type: "longrope",
    short_factor: Array.from(factors, shortest),
    original_max_position_embeddings: values.required("rope.scaling.original_context_length"),
    attention_factor: values.number("rope.scaling.attn_factor"),
  });

/**
 * Llama 3's scaling, recognised by the factors of its frequencies, since files contain only these: all models of that family have the same
 * bounds. Null for other factors.
 */
function llama3Scaling({ theta, rotated }: Rotary, factors: Float32Array): Scaling | null {
  const factor = factors.reduce((most, value) => Math.max(most, value), 1);
  const [low, high, original] = [1, 4, 8192];
  const expected = (i: number) => {
    const turns = original / (2 * Math.PI * exp(((2 * i) / rotated) * log(theta)));
    if (turns > high) return 1;
    if (turns < low) return factor;
    const smooth = (turns - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  };
  if (!factors.every((value, i) => Math.abs(value / expected(i) - 1) < 1e-3)) return null;
  return {
    rope_type: "llama3",
    factor: shortest(factor),
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}
