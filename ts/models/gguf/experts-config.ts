import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { MetadataValues } from "./metadata-values.js";

/** What makes weights of a router's logits, by the numbers of `expert_gating_func`. */
export const gatings = { softmax: 1, sigmoid: 2 } as const;

/**
 * Fields of config.json about a mixture of experts; none for other architectures. As in llama.cpp, a token's weights are divided by their
 * sum except in OLMoE.
 */
export function expertsConfig(modelType: string, values: MetadataValues): object {
  const sizes = () => ({ num_experts: values.count("expert_count"), num_experts_per_tok: chosenOf(values) });
  const width = () => ({ moe_intermediate_size: values.required("expert_feed_forward_length") });
  switch (modelType) {
    case "granitemoe":
      refuseKey(values, "expert_shared_feed_forward_length", "shared experts are not read");
      return { num_local_experts: values.count("expert_count"), num_experts_per_tok: chosenOf(values) };
    case "qwen3_moe":
      return { ...sizes(), ...width(), norm_topk_prob: true };
    case "olmoe": {
      checkGating(values, "softmax");
      refuseKey(values, "attention.clamp_kqv", "queries, keys and values are not clamped");
      return { ...sizes(), norm_topk_prob: values.flag("expert_weights_norm") ?? false };
    }
    case "lfm2_moe": {
      checkGating(values, "sigmoid");
      const dense = values.required("leading_dense_block_count");
      const scale = values.number("expert_weights_scale") || 1;
      const normed = values.flag("expert_weights_norm") ?? true;
      return {
        ...sizes(),
        ...width(),
        num_dense_layers: dense,
        norm_topk_prob: normed,
        routed_scaling_factor: scale,
      };
    }
    default:
      return {};
  }
}

const chosenOf = (values: MetadataValues) => values.count("expert_used_count");

/** Throws `UnsupportedError` where a file has a number above 0 for what no config.json of the family says. */
export function refuseKey(values: MetadataValues, name: string, why: string): void {
  if ((values.number(name) ?? 0) <= 0) return;
  const key = `${values.architecture}.${name}`;
  throw new UnsupportedError(`${key}: ${why}`, { key, value: values.number(name) });
}

/** Throws `UnsupportedError` for other weights than the family has. */
function checkGating(values: MetadataValues, wanted: keyof typeof gatings): void {
  const found = values.number("expert_gating_func") ?? gatings.softmax;
  if (found === gatings[wanted]) return;
  const key = `${values.architecture}.expert_gating_func`;
  throw new UnsupportedError(
    `${key}: ${gatings[wanted]} (${wanted}) is supported for this architecture, got ${excerpt(found)}`,
    { key, value: found },
  );
}
