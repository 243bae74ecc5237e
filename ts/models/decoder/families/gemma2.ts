import { flag, positive, refuse } from "../../config-values.js";
import type { DecoderLayerNames } from "../names.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { capOf, normsAround } from "./gemma3.js";
import { activationOf, llamaLike, llamaNames, queryKeyValue, windowsOf, withWindows } from "./llama-like.js";

/** Sizes and caps of transformers' configuration that files leave out; null in a file is no cap. */
const fallbacks = {
  head_dim: 256,
  num_key_value_heads: 4,
  num_attention_heads: 8,
  sliding_window: 4096,
  vocab_size: 256_000,
  max_position_embeddings: 8192,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 26,
  attn_logit_softcapping: 50,
  final_logit_softcapping: 30,
};

const gemma2Like =
  (layerNames: (path: string) => Partial<DecoderLayerNames>): DecoderArchitecture =>
  (json) => {
    refuse(json, "use_bidirectional_attention");
    const given = { ...fallbacks, ...json };
    const config = llamaLike(given, { tied: true });
    const bias = flag(given, "attention_bias", false);
    return decoder(
      {
        ...config,
        norm: "rms-plus-one",
        activation: activationOf(given, "hidden_activation", "gelu_pytorch_tanh"),
        biases: { queryKeyValue: bias, attentionOutput: bias, inner: false },
        attention: withWindows(
          config,
          windowsOf(given, config.layers, (i) => i % 2 === 0),
        ),
        scale: 1 / Math.sqrt(positive(given, "query_pre_attn_scalar", 256)),
        scoreCap: capOf(given, "attn_logit_softcapping"),
        embeddingScale: Math.sqrt(config.hiddenSize),
        logitCap: capOf(given, "final_logit_softcapping"),
      },
      llamaNames(layerNames),
      queryKeyValue,
    );
  };

/**
 * Gemma 2 (arXiv 2408.00118): norms with 1 + weight before and after attention and MLP, a window in every other layer, soft caps of scores
 * and logits.
 */
export const gemma2 = gemma2Like(normsAround);

/** VaultGemma (arXiv 2510.15001): Gemma 2 without the norms after attention and MLP. */
export const vaultGemma = gemma2Like((path) => ({ innerNorm: `${path}.pre_feedforward_layernorm` }));
