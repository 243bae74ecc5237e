import { ModelError } from "../../../errors/errors.js";
import { epsilon, flag, refuse, whole } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { type DecoderNames, noFurtherNorms } from "../names.js";
import { activationOf, noFactors } from "./llama-like.js";

/** GPT-2 (Radford et al., "Language Models are Unsupervised Multitask Learners"): a table of positions, layer norms, Conv1D. */
export const gpt2: DecoderArchitecture = (json) => {
  refuse(json, "add_cross_attention");
  refuse(json, "scale_attn_by_inverse_layer_idx");
  const hiddenSize = whole(json, "n_embd");
  const heads = whole(json, "n_head");
  if (hiddenSize % heads !== 0)
    throw new ModelError(`config.json: n_embd ${hiddenSize} is no multiple of n_head ${heads}`, {
      key: "n_head",
      value: heads,
    });
  const inner = json["n_inner"] ?? 4 * hiddenSize;
  const config = {
    hiddenSize,
    heads,
    kvHeads: heads,
    headDim: hiddenSize / heads,
    causal: true,
    layers: whole(json, "n_layer"),
    intermediateSize: whole({ n_inner: inner }, "n_inner"),
    vocabularySize: whole(json, "vocab_size"),
    maxPositions: whole(json, "n_positions"),
    norm: "layer",
    normEps: epsilon(json, "layer_norm_epsilon", 1e-5),
    activation: activationOf(json, "activation_function", "gelu_new"),
    gated: false,
    biases: { queryKeyValue: true, attentionOutput: true, inner: true },
    parallel: false,
    gatedQueries: false,
    wholeQueryKeyNorm: false,
    byHead: false,
    inFirst: true,
    attention: () => ({ rotary: null, window: null }),
    scale: flag(json, "scale_attn_weights", true) ? undefined : 1,
    ...noFactors,
    tied: flag(json, "tie_word_embeddings", true),
  } as const;
  return decoder(config, names, ["c_attn"]);
};

const names: DecoderNames = {
  base: "transformer.",
  words: "transformer.wte",
  positions: "transformer.wpe",
  finalNorm: "transformer.ln_f",
  head: "lm_head",
  layer: (i) => {
    const path = `transformer.h.${i}`;
    return {
      queryKeyValue: { paths: [`${path}.attn.c_attn`] },
      attentionOutput: { paths: [`${path}.attn.c_proj`] },
      inner: { paths: [`${path}.mlp.c_fc`] },
      output: { paths: [`${path}.mlp.c_proj`] },
      attentionNorm: `${path}.ln_1`,
      innerNorm: `${path}.ln_2`,
      ...noFurtherNorms,
    };
  },
};
