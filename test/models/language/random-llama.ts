import { type FileMap, writeSafetensors } from "../../../ts/index.js";
import { decoderPlan } from "../../../ts/models/decoders.js";
import { sizeOf } from "../../../ts/values/tensor.js";

/** The config.json of a Llama of some sizes. */
export const llamaConfig = (sizes: object = {}) => ({
  model_type: "llama",
  vocab_size: 4096,
  hidden_size: 256,
  intermediate_size: 704,
  num_hidden_layers: 6,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  hidden_act: "silu",
  ...sizes,
});

/** Numbers that look random; a prime count, so that rows and matrices, which repeat them, differ. */
const values = new Float32Array(65_521);
for (let i = 0, state = 1; i < values.length; i++) {
  state = (state * 1664525 + 1013904223) >>> 0;
  values[i] = (state / 2 ** 32 - 0.5) / 8;
}

/** A model of a configuration with weights that look like random ones. */
export function randomModel(config: Record<string, unknown>): FileMap {
  let next = 0;
  const tensors = [...decoderPlan(config).tensors()].map(({ name, shape }) => {
    const data = new Float32Array(sizeOf(shape)).fill(1);
    if (shape.length > 1) for (let i = 0; i < data.length; i++) data[i] = values[next++ % values.length]!;
    return [name, { shape, data }] as const;
  });
  return {
    "config.json": new TextEncoder().encode(JSON.stringify(config)),
    "model.safetensors": writeSafetensors(tensors, { format: "pt" }),
  };
}
