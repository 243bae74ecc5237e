import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Modules of one expert as Hugging Face calls them: what is activated, what it is multiplied with, and the last one. */
type ExpertModules = readonly [activated: string, factor: string, last: string];

/** An architecture's name in GGUF files, and how its tensors differ there. */
export interface GgufArchitecture {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** Hugging Face's name of a module that exists once, by GGUF's name. */
  readonly outer: Readonly<Record<string, string>>;
  /** Names of a layer's modules, after `layers` and its number. */
  readonly modules: Readonly<Record<string, string>>;
  readonly layers: string;
  /** Hugging Face's name of a layer's tensor that is neither weight nor bias of a module on one side. */
  readonly tensors: Readonly<Record<string, string>>;
  /**
   * Order of the rows of queries, keys and values there: that of rotary pairs; all queries first where Hugging Face has each head's side
   * by side; the first value heads of all key heads, then the second ones.
   */
  readonly order: "pairs" | "queries first" | "tiled" | null;
  /** Whether 1 was added to the weights of norms. */
  readonly normsPlusOne: boolean;
  /** Whether linear weights are `[in, out]` in Hugging Face's files. */
  readonly inFirst: boolean;
  /** How Hugging Face's checkpoints have experts: in a tensor for each module of each, or in two for all of a layer. Omitted without experts. */
  readonly experts?: "one by one" | { readonly input: string; readonly output: string };
  /** Hugging Face's names of one expert's modules. */
  readonly expertModules: ExpertModules;
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
/** Norms after attention and MLP. */
const normsAfter = { post_attention_norm: "post_attention_layernorm", post_ffw_norm: "post_feedforward_layernorm" };

const usualModules: ExpertModules = ["gate_proj", "up_proj", "down_proj"];

/** Each a tensor for all experts. */
const experts = (path: string, router: string, [gate, up, down] = usualModules) => ({
  ffn_gate_inp: `${path}.${router}`,
  ffn_gate_exps: `${path}.experts.${gate}`,
  ffn_up_exps: `${path}.experts.${up}`,
  ffn_down_exps: `${path}.experts.${down}`,
});

const llama = { ...attention, ...gated, ...norms };
const lfm2 = {
  ...attention,
  attn_output: "self_attn.out_proj",
  attn_norm: "operator_norm",
  ffn_norm: "ffn_norm",
  attn_q_norm: "self_attn.q_layernorm",
  attn_k_norm: "self_attn.k_layernorm",
  ffn_gate: "feed_forward.w1",
  ffn_up: "feed_forward.w3",
  ffn_down: "feed_forward.w2",
  "shortconv.conv": "conv.conv",
  "shortconv.in_proj": "conv.in_proj",
  "shortconv.out_proj": "conv.out_proj",
};
const lfm2Modules: ExpertModules = ["w1", "w3", "w2"];
const lfm2Outer = { token_embd: "model.embed_tokens", token_embd_norm: "model.embedding_norm", output: "lm_head" };
const of = (modelType: string, modules: Readonly<Record<string, string>>, more: Partial<GgufArchitecture> = {}) => ({
  modelType,
  outer,
  modules,
  layers: "model.layers.",
  tensors: {},
  order: null,
  normsPlusOne: false,
  inFirst: false,
  expertModules: usualModules,
  ...more,
});

/** Architectures by `general.architecture`. */
const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: of("llama", llama, { order: "pairs" }),
  mistral3: of("ministral3", llama, { order: "pairs" }),
  qwen2: of("qwen2", llama),
  qwen3: of("qwen3", { ...llama, ...headNorms }),
  qwen35: of(
    "qwen3_5_text",
    {
      ...attention,
      ...gated,
      ...headNorms,
      attn_norm: "input_layernorm",
      post_attention_norm: "post_attention_layernorm",
      ssm_norm: "linear_attn.norm",
      attn_qkv: "linear_attn.in_proj_qkv",
      attn_gate: "linear_attn.in_proj_z",
      ssm_out: "linear_attn.out_proj",
      ssm_alpha: "linear_attn.in_proj_a",
      ssm_beta: "linear_attn.in_proj_b",
      ssm_conv1d: "linear_attn.conv1d",
    },
    {
      normsPlusOne: true,
      order: "tiled",
      tensors: { ssm_a: "linear_attn.A_log", "ssm_dt.bias": "linear_attn.dt_bias" },
    },
  ),
  granite: of("granite", llama, { order: "pairs" }),
  granitemoe: of(
    "granitemoe",
    { ...attention, ...norms, ...experts("block_sparse_moe", "router.layer") },
    { order: "pairs", experts: { input: "input_linear.weight", output: "output_linear.weight" } },
  ),
  qwen3moe: of(
    "qwen3_moe",
    { ...attention, ...norms, ...headNorms, ...experts("mlp", "gate") },
    { experts: "one by one" },
  ),
  olmoe: of("olmoe", { ...attention, ...norms, ...headNorms, ...experts("mlp", "gate") }, { experts: "one by one" }),
  gemma2: of("gemma2", { ...llama, ...normsAfter, ffn_norm: "pre_feedforward_layernorm" }, { normsPlusOne: true }),
  gemma3: of(
    "gemma3_text",
    { ...llama, ...headNorms, ...normsAfter, ffn_norm: "pre_feedforward_layernorm" },
    { normsPlusOne: true },
  ),
  gemma4: of(
    "gemma4_text",
    {
      ...llama,
      ...headNorms,
      ...normsAfter,
      ffn_norm: "pre_feedforward_layernorm",
      inp_gate: "per_layer_input_gate",
      proj: "per_layer_projection",
      post_norm: "post_per_layer_input_norm",
    },
    {
      outer: {
        ...outer,
        per_layer_token_embd: "model.embed_tokens_per_layer",
        per_layer_model_proj: "model.per_layer_model_projection",
        per_layer_proj_norm: "model.per_layer_projection_norm",
      },
      tensors: { "layer_output_scale.weight": "layer_scalar" },
    },
  ),
  phi3: of("phi3", {
    ...norms,
    attn_qkv: "self_attn.qkv_proj",
    attn_output: "self_attn.o_proj",
    ffn_up: "mlp.gate_up_proj",
    ffn_down: "mlp.down_proj",
  }),
  lfm2: of("lfm2", lfm2, { outer: lfm2Outer }),
  lfm2moe: of(
    "lfm2_moe",
    { ...lfm2, ...experts("feed_forward", "gate", lfm2Modules) },
    {
      outer: lfm2Outer,
      experts: "one by one",
      expertModules: lfm2Modules,
      tensors: { "exp_probs_b.bias": "feed_forward.expert_bias" },
    },
  ),
  smollm3: of("smollm3", llama, { order: "pairs" }),
  olmo2: of("olmo2", { ...attention, ...gated, ...headNorms, ...normsAfter }),
  gpt2: of(
    "gpt2",
    {
      attn_norm: "ln_1",
      attn_qkv: "attn.c_attn",
      attn_output: "attn.c_proj",
      ffn_norm: "ln_2",
      ffn_up: "mlp.c_fc",
      ffn_down: "mlp.c_proj",
    },
    {
      outer: {
        token_embd: "transformer.wte",
        position_embd: "transformer.wpe",
        output_norm: "transformer.ln_f",
        output: "lm_head",
      },
      layers: "transformer.h.",
      inFirst: true,
    },
  ),
  gptneox: of(
    "gpt_neox",
    {
      ...norms,
      attn_qkv: "attention.query_key_value",
      attn_output: "attention.dense",
      ffn_up: "mlp.dense_h_to_4h",
      ffn_down: "mlp.dense_4h_to_h",
    },
    {
      outer: { token_embd: "gpt_neox.embed_in", output_norm: "gpt_neox.final_layer_norm", output: "embed_out" },
      layers: "gpt_neox.layers.",
      order: "queries first",
    },
  ),
};

/** Throws `UnsupportedError` for an unknown architecture. */
export function ggufArchitecture(name: unknown): GgufArchitecture {
  if (typeof name === "string" && Object.hasOwn(architectures, name)) return architectures[name]!;
  throw new UnsupportedError(
    `general.architecture ${excerpt(name)} is not supported; ${Object.keys(architectures).join(", ")} are`,
    { key: "general.architecture", value: name },
  );
}

/** Hugging Face's name of a tensor; null for tensors that are not weights there, such as factors of rotary frequencies. */
export function tensorName({ outer, layers, modules, tensors }: GgufArchitecture, name: string): string | null {
  const [, of, own = ""] = /^blk\.(\d{1,6})\.(.+)$/.exec(name) ?? [];
  if (Object.hasOwn(tensors, own)) return `${layers}${of}.${tensors[own]!}`;
  const [, layer, module = "", part] = /^(?:blk\.(\d{1,6})\.)?([a-z0-9_.]+)\.(weight|bias)$/.exec(name) ?? [];
  const known = layer === undefined ? outer : modules;
  if (!Object.hasOwn(known, module)) return null;
  return `${layer === undefined ? "" : `${layers}${layer}.`}${known[module]!}.${part!}`;
}

/** Types of models that have the names of another: GGUF files call Mistral's models Llama's. */
const others: Readonly<Record<string, string>> = { mistral: "llama", gemma4: "gemma4_text", qwen3_5: "qwen3_5_text" };

/** An architecture by its model's `model_type`, with GGUF's name of a module's weight by Hugging Face's path of the module. */
export function ggufNames(modelType: string) {
  const type = Object.hasOwn(others, modelType) ? others[modelType] : modelType;
  const found = Object.entries(architectures).find(([, known]) => known.modelType === type);
  if (found === undefined)
    throw new UnsupportedError(`models of type ${excerpt(modelType)} have no names in GGUF files that are known here`, {
      type: modelType,
    });
  const [name, architecture] = found;
  const { outer, layers, modules, tensors } = architecture;
  const nameIn = (known: Readonly<Record<string, string>>, module: string) =>
    Object.entries(known).find(([, other]) => other === module)?.[0];
  const weightOf = (path: string): string | null => {
    const [, layer, module] = path.startsWith(layers)
      ? (/^(\d{1,6})\.(.+)$/.exec(path.slice(layers.length)) ?? [])
      : [];
    const own = module === undefined ? nameIn(outer, path) : nameIn(modules, module);
    return own === undefined ? null : `${layer === undefined ? "" : `blk.${layer}.`}${own}.weight`;
  };
  /** GGUF's name of a tensor, by Hugging Face's; undefined if it has none. */
  const nameOf = (tensor: string): string | undefined => {
    const [, layer, own] = tensor.startsWith(layers)
      ? (/^(\d{1,6})\.(.+)$/.exec(tensor.slice(layers.length)) ?? [])
      : [];
    const alone = own && nameIn(tensors, own);
    if (alone !== undefined && alone !== "") return `blk.${layer}.${alone}`;
    const [, path, part] = /^(.*)\.(weight|bias)$/.exec(tensor) ?? [];
    return path === undefined ? undefined : weightOf(path)?.replace(/weight$/, part!);
  };
  /** The path of a weight's module; null if it is not a weight. */
  const pathOf = (weight: string) => tensorName(architecture, weight)?.replace(/\.weight$/, "") ?? null;
  return { name, architecture, weightOf, nameOf, pathOf };
}
