import { MINILM, type ModelShape, SMOLLM2 } from "../../ts/cli/timing/models/measured-model.js";

/** Models of two layers, which a software adapter computes in a second: for tests of what measures the others. */
export const SMALL: readonly ModelShape[] = [
  {
    ...MINILM,
    name: "small encoder",
    config: { ...MINILM.config, ...small(40), vocab_size: 64 },
  },
  {
    ...SMOLLM2,
    name: "small language model",
    config: { ...SMOLLM2.config, ...small(56), vocab_size: 96, num_key_value_heads: 1 },
  },
];

function small(inner: number) {
  return {
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: inner,
    max_position_embeddings: 48,
  };
}
