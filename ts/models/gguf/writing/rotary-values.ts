import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { WrittenValue } from "../../../io/gguf/write.js";
import type { ConfigJson } from "../../config-values.js";
import { isGiven } from "../../decoder/families/llama-like.js";
import type { RotaryForm } from "../../decoder/rotary-form.js";
import { frequenciesOf } from "../../rotary-embedding.js";

/** A GGUF file's metadata of the rotary embedding. */
interface RotaryValues {
  /** Values by their names after the architecture's. */
  readonly values: ReadonlyMap<string, WrittenValue>;
  /** Factors of frequencies, by their tensors' names. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

const isObject = (value: unknown): value is ConfigJson => typeof value === "object" && value !== null;

/** Parameters of a config.json's rotation: `rope_parameters`, of layers without a window where there are several, or `rope_scaling`. */
function parametersOf(json: ConfigJson): ConfigJson {
  const [scaling, given] = [json["rope_scaling"], json["rope_parameters"]];
  const near = isObject(given) && isObject(given["full_attention"]) ? given["full_attention"] : given;
  // In the order of reading a configuration: `rope_scaling` takes precedence, together with Gemma's parameters.
  if (isObject(scaling) && isGiven(scaling))
    return near !== given && isObject(near) ? { ...near, ...scaling } : scaling;
  return isObject(near) ? near : {};
}

/** YaRN's settings in config.json that files have names for. `mscale` is 1 there. */
const yarnKeys = [
  ["beta_fast", "yarn_beta_fast"],
  ["beta_slow", "yarn_beta_slow"],
  ["mscale_all_dim", "yarn_log_multiplier"],
] as const;

const float = (value: unknown) => ({ float32: Number(value) });
const factors = (values: unknown) => Float32Array.from(values as number[]);

/** Whether LongRoPE's factors are the same for texts of every length, as those that a GGUF file has for all. */
const isSameForAll = ({ rope_type: kind, short_factor: short, long_factor: long }: ConfigJson) =>
  kind === "longrope" && Array.isArray(short) && String(short) === String(long);

/**
 * @param form the rotation that config.json describes, of layers without a window
 * @param fallback θ if the file has none
 */
export function rotaryValues(json: ConfigJson, form: RotaryForm, fallback: number): RotaryValues {
  const given = parametersOf(json);
  const theta = Number(given["rope_theta"] ?? json["rotary_emb_base"] ?? json["rope_theta"] ?? fallback);
  const turned = 2 * form.frequencies.length;
  const values = new Map<string, WrittenValue>([
    ["rope.dimension_count", { uint32: turned }],
    ["rope.freq_base", { float32: theta }],
  ]);
  const tensors = new Map<string, Float32Array>();
  const named = given["rope_type"] ?? given["type"] ?? "default";
  // Phi-3's first files call theirs "yarn".
  const kind = named === "yarn" && Array.isArray(given["short_factor"]) ? "longrope" : named;
  const key = "original_max_position_embeddings";
  const original = Number(json[key] ?? given[key] ?? json["max_position_embeddings"]);
  const scaledAs = (type: string) => {
    values.set("rope.scaling.type", type);
    values.set("rope.scaling.factor", float(given["factor"]));
  };
  if (kind === "linear") scaledAs("linear");
  else if (kind === "yarn") {
    scaledAs("yarn");
    values.set("rope.scaling.original_context_length", { uint32: original });
    for (const [own, name] of yarnKeys)
      if (typeof given[own] === "number" && (own !== "mscale_all_dim" || given["mscale"]))
        values.set(`rope.scaling.${name}`, float(given[own]));
  } else if (kind === "llama3") {
    const plain = frequenciesOf(turned, theta);
    tensors.set("rope_freqs.weight", factors(plain.map((frequency, i) => frequency / form.frequencies[i]!)));
  } else if (kind === "proportional") {
    const plain = frequenciesOf(turned, theta);
    const still = (frequency: number, i: number) => (frequency === 0 ? 1e30 : plain[i]! / frequency);
    tensors.set("rope_freqs.weight", factors(form.frequencies.map(still)));
  } else if (isSameForAll(given) && form.factor === 1) {
    tensors.set("rope_freqs.weight", factors(given["short_factor"]));
  } else if (kind === "longrope" || kind === "su") {
    values.set("rope.scaling.original_context_length", { uint32: original });
    values.set("rope.scaling.attn_factor", float(form.factor));
    for (const length of ["long", "short"])
      tensors.set(`rope_factors_${length}.weight`, factors(given[`${length}_factor`] ?? given["short_factor"]));
  } else if (kind !== "default" && kind !== "dynamic")
    throw new UnsupportedError(`config.json: rope_type ${excerpt(kind)} has no name in GGUF files`, { value: kind });
  return { values, tensors };
}
