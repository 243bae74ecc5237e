import { ModelError } from "../../../errors/errors.js";
import { epsilon, flag, numberOr, whole } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { type DecoderNames, noFurtherNorms } from "../names.js";
import { activationOf, noFactors, rotaryOf } from "./llama-like.js";

/** GPT-NeoX and Pythia (arXiv 2204.06745, 2304.01373): attention and MLP in parallel, rotary embedding of a share of each head. */
export const gptNeox: DecoderArchitecture = (json) => {
  const hiddenSize = whole(json, "hidden_size");
  const heads = whole(json, "num_attention_heads");
  if (hiddenSize % heads !== 0)
    throw new ModelError(`config.json: hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}`, {
      key: "num_attention_heads",
      value: heads,
    });
  const headDim = hiddenSize / heads;
  const maxPositions = whole(json, "max_position_embeddings");
  const fallbacks = { theta: numberOr(json, "rotary_emb_base", 10_000), share: numberOr(json, "rotary_pct", 0.25) };
  // Only these names are beside the parameters.
  const named = { ...json, rope_theta: undefined, partial_rotary_factor: undefined };
  const rotary = rotaryOf(named, { headDim, maxPositions }, { ...fallbacks, inPart: true });
  const bias = flag(json, "attention_bias", true);
  const config = {
    hiddenSize,
    heads,
    kvHeads: heads,
    headDim,
    causal: true,
    maxPositions: rotary.positions ?? maxPositions,
    layers: whole(json, "num_hidden_layers"),
    intermediateSize: whole(json, "intermediate_size"),
    vocabularySize: whole(json, "vocab_size"),
    norm: "layer",
    normEps: epsilon(json, "layer_norm_eps", 1e-5),
    activation: activationOf(json, "hidden_act", "gelu"),
    gated: false,
    biases: { queryKeyValue: bias, attentionOutput: bias, inner: true },
    parallel: flag(json, "use_parallel_residual", true),
    gatedQueries: false,
    wholeQueryKeyNorm: false,
    byHead: true,
    inFirst: false,
    attention: () => ({ rotary, window: null }),
    scale: undefined,
    ...noFactors,
    tied: flag(json, "tie_word_embeddings", false),
  } as const;
  return decoder(config, names, ["query_key_value"]);
};

const names: DecoderNames = {
  base: "gpt_neox.",
  words: "gpt_neox.embed_in",
  positions: null,
  finalNorm: "gpt_neox.final_layer_norm",
  head: "embed_out",
  layer: (i) => {
    const path = `gpt_neox.layers.${i}`;
    return {
      queryKeyValue: { paths: [`${path}.attention.query_key_value`] },
      attentionOutput: { paths: [`${path}.attention.dense`] },
      inner: { paths: [`${path}.mlp.dense_h_to_4h`] },
      output: { paths: [`${path}.mlp.dense_4h_to_h`] },
      attentionNorm: `${path}.input_layernorm`,
      innerNorm: `${path}.post_attention_layernorm`,
      ...noFurtherNorms,
    };
  },
};
