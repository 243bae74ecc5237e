/** A model to measure: by its config.json, or by its files. */
export interface ModelShape {
  /** Name of the model whose sizes these are. */
  readonly name: string;
  readonly task: "encoder" | "language";
  /** Contents of config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** all-MiniLM-L6-v2: 23 million parameters. */
export const MINILM: ModelShape = {
  name: "all-MiniLM-L6-v2",
  task: "encoder",
  config: {
    model_type: "bert",
    vocab_size: 30522,
    hidden_size: 384,
    num_hidden_layers: 6,
    num_attention_heads: 12,
    intermediate_size: 1536,
    hidden_act: "gelu",
    layer_norm_eps: 1e-12,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    pad_token_id: 0,
  },
};

/** SmolLM2-135M: 135 million parameters. */
export const SMOLLM2: ModelShape = {
  name: "SmolLM2-135M",
  task: "language",
  config: {
    model_type: "llama",
    vocab_size: 49152,
    hidden_size: 576,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    intermediate_size: 1536,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    max_position_embeddings: 8192,
    rope_theta: 100000,
    tie_word_embeddings: true,
  },
};
