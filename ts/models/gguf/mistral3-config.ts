import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { refuseKey } from "./experts-config.js";
import type { MetadataValues } from "./metadata-values.js";

/** Linear layers, none of which has a bias in transformers. */
const linears = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];

interface ReadRotation {
  readonly theta: number;
  /** `rope_scaling`; null for none. */
  readonly scaling: { readonly [key: string]: unknown } | null;
}

/**
 * Ministral's own fields: the rotation, and how queries grow beyond the length of the first training. transformers has one length for both;
 * a factor 0 is no growth. Throws `UnsupportedError` for biases, experts and two lengths.
 */
export function mistral3Config(file: Pick<GgufFile, "has">, values: MetadataValues, { theta, scaling }: ReadRotation) {
  refuseKey(values, "expert_count", "mixtures of experts of this architecture are not read");
  const bias = linears.map((name) => `blk.0.${name}.bias`).find((name) => file.has(name));
  if (bias !== undefined)
    throw new UnsupportedError(`tensor ${excerpt(bias)}: this architecture has no biases of linear layers`, {
      tensor: bias,
    });
  const beta = values.number("attention.temperature_scale") ?? 0;
  const key = "original_max_position_embeddings";
  const length = values.number("rope.scaling.original_context_length") ?? values.required("context_length");
  const lengths = [values.number("attention.temperature_length"), scaling?.[key]];
  const other = lengths.find((one) => one !== undefined && one !== length);
  if (beta !== 0 && other !== undefined)
    throw new UnsupportedError(
      `${values.architecture}.attention.temperature_scale: queries that grow from ${length} tokens on are supported where the rotation's length is the same, got ${excerpt(other)}`,
      { key: `${values.architecture}.attention.temperature_length`, value: other },
    );
  return {
    rope_parameters: {
      [key]: length,
      rope_type: "default",
      ...scaling,
      rope_theta: theta,
      llama_4_scaling_beta: beta,
    },
  };
}
