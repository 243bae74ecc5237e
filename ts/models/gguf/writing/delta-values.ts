import { isRecord } from "../../../arguments/collections.js";
import type { WrittenValue } from "../../../io/gguf/write.js";
import type { ConfigJson } from "../../config-values.js";
import { type DecoderConfig, deltaOf, deltaWidths } from "../../decoder/config.js";

/** Features of each part of a position, of which texts have one: llama.cpp demands them. These are transformers' default. */
const SECTIONS = [11, 11, 10];

/**
 * Qwen3.5's metadata. Files say which layers attend by how many come before each and with it, so a reader tells whether other layers do.
 * @param kernel tokens that the convolutions see
 */
export function deltaValues(
  json: ConfigJson,
  config: DecoderConfig,
  kernel = 1,
): Readonly<Record<string, WrittenValue>> {
  const attends = Array.from({ length: config.layers }, (_, i) => config.attention(i).delta === undefined);
  const delta = deltaOf(config);
  const { rope_parameters: rotation, rope_scaling: scaling } = json;
  const given = [scaling, rotation].map((one) => (isRecord(one) ? one["mrope_section"] : undefined));
  const sections = given.find((one) => Array.isArray(one)) ?? SECTIONS;
  return {
    full_attention_interval: { uint32: attends.indexOf(true) + 1 || config.layers + 1 },
    "rope.dimension_sections": Int32Array.from({ length: 4 }, (_, i) => Number((sections as unknown[])[i] ?? 0)),
    ...(delta && {
      "ssm.conv_kernel": { uint32: kernel },
      "ssm.state_size": { uint32: delta.keyDim },
      "ssm.group_count": { uint32: delta.keyHeads },
      "ssm.time_step_rank": { uint32: delta.valueHeads },
      "ssm.inner_size": { uint32: deltaWidths(delta).values },
    }),
  };
}
