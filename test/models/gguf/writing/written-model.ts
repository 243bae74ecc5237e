import { engine } from "../../../../ts/engine/engine.js";
import { init } from "../../../../ts/index.js";
import { streamGguf } from "../../../../ts/io/gguf/write.js";
import { type ByteSink, concatenated } from "../../../../ts/io/byte-source.js";
import { RowEncoder } from "../../../../ts/models/gguf/writing/written-types.js";
import type { WrittenModel } from "../../../../ts/models/gguf/writing/model.js";

/** The file in memory. */
export async function written({ metadata, tensors }: WrittenModel): Promise<Uint8Array> {
  await init();
  const parts: Uint8Array[] = [];
  const sink: ByteSink = { write: async (bytes) => void parts.push(bytes.slice()) };
  const workshop = { engine: engine(), encoder: new RowEncoder(engine()), pause: () => undefined };
  await streamGguf(sink, metadata, tensors, ({ bytes }) => bytes(workshop));
  workshop.encoder.dispose();
  return concatenated(parts);
}

/** What a golden decoder's config.json says that GGUF files have no place for, as they would have it. */
export const sayable: Readonly<Record<string, object>> = {
  gemma2: { query_pre_attn_scalar: 16 },
  gemma3_text: {
    query_pre_attn_scalar: 16,
    layer_types: null,
    rope_parameters: {
      full_attention: { rope_type: "linear", factor: 8, rope_theta: 1_000_000 },
      sliding_attention: { rope_type: "default", rope_theta: 10_000 },
    },
  },
  // llama.cpp has none in these families.
  lfm2_moe: { routed_scaling_factor: 1 },
  qwen3_5: { attention_bias: false },
  smollm3: { no_rope_layers: null, no_rope_layer_interval: 4 },
};
