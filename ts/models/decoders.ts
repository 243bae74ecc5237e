import { UnsupportedError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { ModelPlan } from "./architecture.js";
import type { DecoderArchitecture, DecoderPlan } from "./decoder/index.js";
import { eurobert } from "./decoder/families/eurobert.js";
import { gemma2, vaultGemma } from "./decoder/families/gemma2.js";
import { gemma3 } from "./decoder/families/gemma3.js";
import { gemma4 } from "./decoder/families/gemma4.js";
import { gpt2 } from "./decoder/families/gpt2.js";
import { gptNeox } from "./decoder/families/gpt-neox.js";
import { granite, graniteHybrid, graniteMoe, graniteMoeShared } from "./decoder/families/granite.js";
import { lfm2, lfm2Moe } from "./decoder/families/lfm2.js";
import { llama, ministral3, mistral } from "./decoder/families/llama.js";
import { olmo2, olmoe } from "./decoder/families/olmo.js";
import { phi3 } from "./decoder/families/phi3.js";
import { qwen2, qwen3, qwen35, qwen3Moe } from "./decoder/families/qwen.js";
import { smollm3 } from "./decoder/families/smollm3.js";

/**
 * All architectures of language models, by `model_type` of their config.json. Separate from encoders', so that bundles contain only what
 * they use.
 */
const decoders: Readonly<Record<string, DecoderArchitecture>> = {
  gemma2,
  gemma3_text: gemma3,
  gemma4,
  gemma4_text: gemma4,
  gpt2,
  gpt_neox: gptNeox,
  granite,
  granitemoe: graniteMoe,
  granitemoehybrid: graniteHybrid,
  granitemoeshared: graniteMoeShared,
  lfm2,
  lfm2_moe: lfm2Moe,
  llama,
  ministral: mistral,
  ministral3,
  mistral,
  olmo2,
  olmoe,
  phi3,
  qwen2,
  qwen3,
  qwen3_moe: qwen3Moe,
  qwen3_5: qwen35,
  qwen3_5_text: qwen35,
  smollm3,
  vaultgemma: vaultGemma,
};

/** Families whose tokens always see the ones after them: encoders only. */
const encoders: Readonly<Record<string, DecoderArchitecture>> = { eurobert };

type ConfigJson = Readonly<Record<string, unknown>>;

/** The plan of a language model; see `modelPlan`. */
export function decoderPlan(json: ConfigJson): DecoderPlan {
  const plan = rowOf(json, " as a language model", []);
  if (plan.config.causal) return plan;
  const key = Object.hasOwn(encoders, String(json["model_type"])) ? "model_type" : "use_bidirectional_attention";
  throw new UnsupportedError(
    "config.json: tokens of this model see those after them too, so it generates no text; `SentenceEncoder.load` opens it",
    { key },
  );
}

/** The plan of a language model's layers as an encoder. @param otherTypes `model_type` of other encoders, for the error of an unknown one */
export const decoderLayers = (json: ConfigJson, otherTypes: readonly string[]): ModelPlan =>
  rowOf(json, "", [...Object.keys(encoders), ...otherTypes]).encoder();

function rowOf(json: ConfigJson, as: string, others: readonly string[]): DecoderPlan {
  const type = json["model_type"];
  const rows = { ...decoders, ...encoders };
  if (typeof type === "string" && Object.hasOwn(rows, type)) return rows[type]!(json);
  const known = [...Object.keys(decoders), ...others].sort().map((name) => `"${name}"`);
  throw new UnsupportedError(
    `config.json: model_type ${clip(excerpt(type), 60)} is not supported${as}; ${known.join(", ")} are`,
    { type },
  );
}
