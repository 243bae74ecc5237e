import { ModelError } from "../../../errors/errors.js";
import { type ConfigJson, whole } from "../../config-values.js";
import type { DecoderConfig, ExpertsShape } from "../config.js";
import type { ExpertsNames } from "../expert-weights.js";

/** Most experts in a layer, and in all: models have 512 and 25,000, and each is a weight by itself, however small. */
const [MOST_IN_LAYER, MOST] = [1024, 65_536];

/** What families call the number of experts, how many a token goes to, and their width; with defaults. */
interface Keys {
  readonly count: readonly [key: string, fallback: number];
  readonly chosen: readonly [key: string, fallback: number];
  readonly width: readonly [key: string, fallback?: number];
}

/** Experts whose weights are the softmax of the router's logits, without a shared layer. */
export function expertsShape(json: ConfigJson, keys: Keys, layers: number): ExpertsShape {
  // transformers 5 has one name for it in all families.
  const given = json[keys.count[0]] ?? json["num_local_experts"];
  const count = whole({ [keys.count[0]]: given }, keys.count[0], 1, keys.count[1], MOST_IN_LAYER);
  if (count * layers > MOST)
    throw new ModelError(
      `config.json: ${keys.count[0]} ${count} in ${layers} layers are ${count * layers} experts; at most ${MOST} are expected`,
      { key: keys.count[0], value: count },
    );
  return {
    count,
    chosen: whole(json, keys.chosen[0], 1, keys.chosen[1], count),
    width: whole(json, keys.width[0], 1, keys.width[1]),
    sharedWidth: 0,
    weights: "softmax",
    normed: true,
    factor: 1,
    bias: false,
  };
}

/** The names of experts that files have one by one, or stacked. */
export const expertNames = (
  path: string,
  parts: readonly [activated: string, factor: string, last: string] = ["gate_proj", "up_proj", "down_proj"],
): ExpertsNames => ({
  path,
  router: ["gate.weight"],
  bias: null,
  input: ["experts.gate_up_proj"],
  output: ["experts.down_proj"],
  parts,
});

/** Targets in an adapter's file for families whose experts transformers 4 had as linear layers, which PEFT's "all-linear" therefore targets. */
export const attentionAlone = ["q_proj", "k_proj", "v_proj", "o_proj"] as const;

/** A model with such experts in the layers that have them. */
export const withExperts = (
  config: DecoderConfig,
  shape: ExpertsShape,
  has: (i: number) => boolean = () => true,
): DecoderConfig => ({ ...config, experts: (i) => (has(i) ? shape : null) });
