import { engine } from "../../../../ts/engine/engine.js";
import { init } from "../../../../ts/index.js";
import { writeGguf, type WrittenValue } from "../../../../ts/io/gguf/write.js";
import { decoderPlan } from "../../../../ts/models/decoders.js";
import { ggufArchitecture } from "../../../../ts/models/gguf/names.js";
import { RowEncoder, type WrittenType } from "../../../../ts/models/gguf/writing/written-types.js";
import { sizeOf } from "../../../../ts/values/tensor.js";

/** The config.json of a Qwen3.5 with twice as many heads of values as of keys. */
export const qwen35Config = {
  model_type: "qwen3_5_text",
  vocab_size: 512,
  hidden_size: 256,
  intermediate_size: 320,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  head_dim: 32,
  max_position_embeddings: 512,
  rms_norm_eps: 2 ** -17,
  rope_theta: 10_000,
  partial_rotary_factor: 0.25,
  tie_word_embeddings: true,
  full_attention_interval: 4,
  linear_conv_kernel_dim: 4,
  linear_num_key_heads: 4,
  linear_num_value_heads: 8,
  linear_key_head_dim: 64,
  linear_value_head_dim: 64,
} as const;

const uint32 = (value: number) => ({ uint32: value });

const metadata = new Map<string, WrittenValue>([
  ["general.architecture", "qwen35"],
  ["qwen35.rope.freq_base", { float32: qwen35Config.rope_theta }],
  ["qwen35.attention.layer_norm_rms_epsilon", { float32: qwen35Config.rms_norm_eps }],
  ...Object.entries({
    block_count: 4,
    context_length: 512,
    embedding_length: 256,
    feed_forward_length: 320,
    "attention.head_count": 8,
    "attention.head_count_kv": 2,
    "attention.key_length": 32,
    "rope.dimension_count": 8,
    full_attention_interval: 4,
    "ssm.conv_kernel": 4,
    "ssm.state_size": 64,
    "ssm.group_count": 4,
    "ssm.time_step_rank": 8,
    "ssm.inner_size": 512,
  }).map(([key, value]) => [`qwen35.${key}`, uint32(value)] as const),
]);

/** A GGUF file of that model with random weights. @param typeOf a matrix's type, by its name there */
export async function qwen35File(typeOf: (name: string) => WrittenType): Promise<Uint8Array<ArrayBuffer>> {
  await init();
  const encoder = new RowEncoder(engine());
  let state = 1;
  const next = () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32 - 0.5) / 8;
  const tensors = Array.from(decoderPlan(qwen35Config).tensors(), ({ name: full, shape: given }) => {
    const name = ownName(full);
    const isConvolution = given.length === 3;
    const shape = isConvolution ? [given[0]!, given[2]!] : given;
    // A decay is below 0.
    const values = Float32Array.from({ length: sizeOf(shape) }, () => (shape.length > 1 ? next() : -1 - next()));
    const type = shape.length === 1 || isConvolution ? "F32" : typeOf(name);
    return { name, type, shape, data: encoder.encode(values, shape.at(-1)!, type, name) };
  });
  encoder.dispose();
  return writeGguf(metadata, tensors);
}

/** What the file calls a tensor. */
function ownName(name: string): string {
  const { outer, layers, modules, tensors } = ggufArchitecture("qwen35");
  const [, layer, own] = name.startsWith(layers) ? /^(\d+)\.(.+)$/.exec(name.slice(layers.length))! : [];
  const key = (known: Readonly<Record<string, string>>, value: string) =>
    Object.keys(known).find((found) => known[found] === value);
  if (own === undefined) return `${key(outer, name.replace(/\.weight$/, ""))!}.weight`;
  return `blk.${layer}.${key(tensors, own) ?? `${key(modules, own.replace(/\.weight$/, ""))!}.weight`}`;
}
