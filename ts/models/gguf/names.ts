import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** What an architecture is called in GGUF files, and what is different about its tensors there. */
interface GgufArchitecture {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** Hugging Face's name of a module, by GGUF's; of those of a layer behind its number. */
  readonly modules: Readonly<Record<string, string>>;
  /** Whether rows of queries and keys stand there in the order of rotary pairs. */
  readonly interleaved: boolean;
  /** Whether 1 was added to the weights of norms. */
  readonly normsPlusOne: boolean;
}

const outer = { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" };
const attention = {
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
};
const gated = { ffn_gate: "mlp.gate_proj", ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" };
const norms = { attn_norm: "input_layernorm", ffn_norm: "post_attention_layernorm" };
const headNorms = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };
/** Norms behind attention and inner layer. */
const normsAfter = { post_attention_norm: "post_attention_layernorm", post_ffw_norm: "post_feedforward_layernorm" };

const llama = { ...outer, ...attention, ...gated, ...norms };
const of = (modelType: string, modules: Readonly<Record<string, string>>, more: Partial<GgufArchitecture> = {}) => ({
  ...{ modelType, modules, interleaved: false, normsPlusOne: false },
  ...more,
});

/** By `general.architecture`. */
const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: of("llama", llama, { interleaved: true }),
  qwen2: of("qwen2", llama),
  qwen3: of("qwen3", { ...llama, ...headNorms }),
  gemma3: of(
    "gemma3_text",
    { ...llama, ...headNorms, ...normsAfter, ffn_norm: "pre_feedforward_layernorm" },
    { normsPlusOne: true },
  ),
  phi3: of("phi3", {
    ...{ ...outer, ...norms, attn_qkv: "self_attn.qkv_proj", attn_output: "self_attn.o_proj" },
    ...{ ffn_up: "mlp.gate_up_proj", ffn_down: "mlp.down_proj" },
  }),
  smollm3: of("smollm3", llama, { interleaved: true }),
  olmo2: of("olmo2", { ...outer, ...attention, ...gated, ...headNorms, ...normsAfter }),
};

/** Throws `UnsupportedError` for what is no architecture that is known. */
export function ggufArchitecture(name: unknown): GgufArchitecture {
  if (typeof name === "string" && Object.hasOwn(architectures, name)) return architectures[name]!;
  throw new UnsupportedError(
    `general.architecture ${excerpt(name)} is not supported; ${Object.keys(architectures).join(", ")} are`,
    { key: "general.architecture", value: name },
  );
}

/** Hugging Face's name of a tensor; null for what is no weight there, such as factors of rotary frequencies. */
export function tensorName({ modules }: GgufArchitecture, name: string): string | null {
  const [, layer, module, part] = /^(?:blk\.(\d{1,6})\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined || !Object.hasOwn(modules, module)) return null;
  const isOuter = Object.hasOwn(outer, module);
  if (isOuter !== (layer === undefined)) return null;
  return `${isOuter ? "" : `model.layers.${layer}.`}${modules[module]!}.${part!}`;
}
