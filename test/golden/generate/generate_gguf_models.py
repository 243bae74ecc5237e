"""Tiny models of each architecture as transformers has them and as GGUF files: test/golden/gguf/models.

    python3 generate_gguf_models.py            # all
    python3 generate_gguf_models.py granite

Names in GGUF are those of gguf's own table; what llama.cpp's converter does to values (rows of Llama's, SmolLM3's and Granite's queries and keys,
1 added to Gemma's norms, GPT-2's matrices turned, GPT-NeoX's queries before all keys) is done here. Made with gguf 0.19.0, transformers 5.24, PyTorch 2.15.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from gguf import GGUFWriter, MODEL_ARCH, get_tensor_name_map, quants
from gguf.constants import ExpertGatingFuncType, GGMLQuantizationType as Type, RopeScalingType
from safetensors.numpy import save_file

OUT = Path(__file__).parent.parent / "gguf" / "models"
SIZES = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=24)
SIZES |= dict(vocab_size=20, max_position_embeddings=64, rms_norm_eps=1e-5, pad_token_id=0, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
FACTORS = dict(attention_multiplier=0.25, embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0)
LFM2MOE = dict(num_hidden_layers=3, num_dense_layers=1, layer_types=["conv", "full_attention", "conv"], conv_L_cache=3, norm_eps=1e-5, rope_parameters=dict(rope_type="default", rope_theta=1000000.0), moe_intermediate_size=12, num_experts=4, num_experts_per_tok=2, tie_word_embeddings=True)
# Those whose logits are in a file too.
WITH_LOGITS = ("mistral3", "olmoe", "lfm2moe")
MODELS = {
    "llama": ("Llama", MODEL_ARCH.LLAMA, dict(head_dim=8, rope_theta=500000.0, rope_scaling=LLAMA3, tie_word_embeddings=True)),
    "qwen2": ("Qwen2", MODEL_ARCH.QWEN2, dict(rope_theta=1000000.0, tie_word_embeddings=False)),
    "qwen3": ("Qwen3", MODEL_ARCH.QWEN3, dict(head_dim=8, rope_theta=1000000.0, tie_word_embeddings=True)),
    "qwen35": ("Qwen3_5", MODEL_ARCH.QWEN35, dict(head_dim=8, rope_parameters=dict(rope_type="default", rope_theta=1000000.0, partial_rotary_factor=0.25), tie_word_embeddings=True, linear_conv_kernel_dim=3, linear_key_head_dim=4, linear_value_head_dim=6, linear_num_key_heads=2, linear_num_value_heads=6, layer_types=["linear_attention", "full_attention"])),
    "gemma3": ("Gemma3", MODEL_ARCH.GEMMA3, dict(head_dim=8, sliding_window=8, query_pre_attn_scalar=8, tie_word_embeddings=True)),
    "gemma2": ("Gemma2", MODEL_ARCH.GEMMA2, dict(head_dim=8, sliding_window=8, query_pre_attn_scalar=8, attn_logit_softcapping=20.0, final_logit_softcapping=10.0)),
    "gemma4": ("Gemma4", MODEL_ARCH.GEMMA4, dict(num_hidden_layers=4, head_dim=8, global_head_dim=16, sliding_window=8, layer_types=["sliding_attention", "full_attention"] * 2, num_kv_shared_layers=2, use_double_wide_mlp=True, hidden_size_per_layer_input=4, vocab_size_per_layer_input=20, final_logit_softcapping=10.0)),
    "granite": ("Granite", MODEL_ARCH.GRANITE, dict(tie_word_embeddings=True, **FACTORS)),
    "granitemoe": ("GraniteMoe", MODEL_ARCH.GRANITE_MOE, dict(tie_word_embeddings=True, num_local_experts=3, num_experts_per_tok=2, **FACTORS)),
    "granitemoe-Q8_0": ("GraniteMoe", MODEL_ARCH.GRANITE_MOE, dict(hidden_size=32, intermediate_size=32, num_local_experts=3, num_experts_per_tok=2, **FACTORS)),
    "qwen3moe": ("Qwen3Moe", MODEL_ARCH.QWEN3MOE, dict(head_dim=8, rope_theta=1000000.0, tie_word_embeddings=True, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=12, norm_topk_prob=True)),
    "mistral3": ("Ministral3", MODEL_ARCH.MISTRAL3, dict(head_dim=8, tie_word_embeddings=True, rope_parameters=dict(rope_type="yarn", rope_theta=10.0, factor=4.0, original_max_position_embeddings=16, beta_fast=1.0, beta_slow=0.25, mscale=1.0, mscale_all_dim=0.5, llama_4_scaling_beta=0.1))),
    "olmoe": ("Olmoe", MODEL_ARCH.OLMOE, dict(tie_word_embeddings=False, num_experts=4, num_experts_per_tok=2)),
    "olmoe-Q8_0": ("Olmoe", MODEL_ARCH.OLMOE, dict(hidden_size=32, intermediate_size=32, num_experts=4, num_experts_per_tok=2)),
    "lfm2moe": ("Lfm2Moe", MODEL_ARCH.LFM2MOE, LFM2MOE),
    "lfm2moe-Q4_0": ("Lfm2Moe", MODEL_ARCH.LFM2MOE, dict(LFM2MOE, hidden_size=32, moe_intermediate_size=32)),
    "lfm2": ("Lfm2", MODEL_ARCH.LFM2, dict(conv_L_cache=3, block_auto_adjust_ff_dim=False, norm_eps=1e-5, layer_types=["conv", "full_attention"], rope_theta=1000000.0)),
    "phi3": ("Phi3", MODEL_ARCH.PHI3, dict(tie_word_embeddings=False)),
    "smollm3": ("SmolLM3", MODEL_ARCH.SMOLLM3, dict(tie_word_embeddings=True)),
    "olmo2": ("Olmo2", MODEL_ARCH.OLMO2, dict(tie_word_embeddings=False)),
    "gpt2": ("GPT2", MODEL_ARCH.GPT2, dict(n_embd=16, n_layer=2, n_head=4, n_inner=32, n_positions=64, layer_norm_epsilon=1e-6)),
    "gptneox": ("GPTNeoX", MODEL_ARCH.GPTNEOX, dict(layer_norm_eps=1e-6, rotary_pct=0.5, tie_word_embeddings=False)),
}

# Whose rows of queries and keys stand by rotary pairs.
PERMUTED = ("llama", "mistral3", "smollm3", "granite", "granitemoe")


def permute(rows: np.ndarray, heads: int) -> np.ndarray:
    """As llama.cpp's converter does for Llama and what it makes of it."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def frequency_factors(config) -> np.ndarray:
    """As the converter computes them."""
    theta, size = 500000.0, config.head_dim
    frequencies = 1.0 / (theta ** (np.arange(0, size, 2, dtype=np.float32) / size))
    low, high = 8192 / 1.0, 8192 / 4.0
    factors = []
    for frequency in frequencies:
        length = 2 * np.pi / frequency
        smooth = (8192 / length - 1.0) / 3.0
        factors.append(1 if length < high else 32 if length > low else 1 / ((1 - smooth) / 32 + smooth))
    return np.array(factors, dtype=np.float32)


def tiled(rows: np.ndarray, before: int, config) -> np.ndarray:
    """The first value heads of all key heads, then the second ones, and so on; rows before `before` stay."""
    keys, values = config.linear_num_key_heads, config.linear_num_value_heads
    rest = rows[before:]
    moved = rest.reshape(keys, values // keys, len(rest) // values, *rest.shape[1:]).swapaxes(0, 1).reshape(rest.shape)
    return np.concatenate([rows[:before], moved])


def of_delta_net(name: str, value: np.ndarray, config) -> np.ndarray:
    """A tensor of Qwen3.5's linear attention as in GGUF files."""
    before = 2 * config.linear_num_key_heads * config.linear_key_head_dim
    if "in_proj_qkv" in name or "conv1d" in name:
        value = tiled(value, before, config)
    elif "out_proj" in name:
        value = tiled(value.T, 0, config).T
    elif not name.endswith("norm.weight"):
        value = tiled(value, 0, config)
    if name.endswith("A_log"):
        value = -np.exp(value)
    return value.squeeze(1) if "conv1d" in name else value


def write_gemma4(writer: GGUFWriter, config) -> None:
    """What llama.cpp's converter says of Gemma 4's layers; the factors are those of layers without a window."""
    shared, near, full = config.num_kv_shared_layers, config.per_layer_config[0].head_dim, config.per_layer_config[1].head_dim
    first = config.num_hidden_layers - shared
    writer.add_shared_kv_layers(shared)
    writer.add_embedding_length_per_layer_input(config.hidden_size_per_layer_input)
    writer.add_sliding_window(config.sliding_window)
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config.layer_types])
    writer.add_key_length(full)
    writer.add_value_length(full)
    writer.add_key_length_swa(near)
    writer.add_value_length_swa(near)
    writer.add_feed_forward_length([(1 if i < first else 2) * config.intermediate_size for i in range(config.num_hidden_layers)])
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_rope_freq_base(config.rope_parameters["full_attention"]["rope_theta"])
    writer.add_rope_freq_base_swa(config.rope_parameters["sliding_attention"]["rope_theta"])
    writer.add_rope_dimension_count(full)
    writer.add_rope_dimension_count_swa(near)
    turned = int(full * config.rope_parameters["full_attention"]["partial_rotary_factor"] / 2)
    writer.add_tensor("rope_freqs.weight", np.array([1.0] * turned + [1e30] * (full // 2 - turned), dtype=np.float32))


def write_rotary(writer: GGUFWriter, name: str, config) -> None:
    if name == "gemma4":
        return write_gemma4(writer, config)
    if name in ("lfm2", "lfm2moe"):
        writer.add_head_count_kv([0 if kind == "conv" else config.num_key_value_heads for kind in config.layer_types])
        writer.add_shortconv_l_cache(config.conv_L_cache)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps if name in ("lfm2", "lfm2moe") else config.rms_norm_eps)
    rope = config.rope_parameters
    rope = rope.get("full_attention", rope)
    writer.add_rope_freq_base(rope["rope_theta"])
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_rope_dimension_count(int(head_dim * rope.get("partial_rotary_factor", 1)) if name == "qwen35" else head_dim)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    if name.startswith("gemma"):
        writer.add_sliding_window(config.sliding_window)
    if name == "qwen35":
        writer.add_full_attention_interval(2)
        writer.add_ssm_conv_kernel(config.linear_conv_kernel_dim)
        writer.add_ssm_state_size(config.linear_key_head_dim)
        writer.add_ssm_group_count(config.linear_num_key_heads)
        writer.add_ssm_time_step_rank(config.linear_num_value_heads)
        writer.add_ssm_inner_size(config.linear_num_value_heads * config.linear_value_head_dim)
    if name == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if name == "mistral3":
        # As the converter says YaRN's settings, in the base class and in Ministral's.
        writer.add_rope_scaling_type(RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
        writer.add_rope_scaling_yarn_log_mul(rope["mscale_all_dim"])
        writer.add_attn_temperature_scale(rope["llama_4_scaling_beta"])
    if name == "lfm2moe":
        writer.add_leading_dense_block_count(config.num_dense_layers)
        writer.add_expert_gating_func(ExpertGatingFuncType.SIGMOID)
    if name in ("granitemoe", "qwen3moe", "olmoe", "lfm2moe"):
        writer.add_expert_count(config.num_local_experts if name != "lfm2moe" else config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
    if name in ("qwen3moe", "lfm2moe"):
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if name.startswith("granite"):
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    if name == "llama":
        writer.add_tensor("rope_freqs.weight", frequency_factors(config))


def parts_first(rows: np.ndarray, heads: int) -> np.ndarray:
    """Queries of all heads, then keys, then values; GPT-NeoX has all three of a head together."""
    return rows.reshape(heads, 3, rows.shape[0] // heads // 3, *rows.shape[1:]).swapaxes(0, 1).reshape(rows.shape)


def group_type(file: str, shape: tuple) -> Type | None:
    """The type of a file's experts: rows of whole groups only."""
    return Type[file.split("-")[1]] if "-" in file and shape[-1] % 32 == 0 else None


def write_experts(writer: GGUFWriter, file: str, key: str, value: np.ndarray) -> bool:
    """Experts in transformers' tensors as the converter writes them: the first half of an expert's rows apart from the second."""
    found = re.fullmatch(r"model\.layers\.(\d+)\.(?:mlp|block_sparse_moe|feed_forward)\.(experts\.gate_up_proj|experts\.down_proj|router\.weight|gate\.weight)", key)
    if found is None:
        return False
    layer, kind = found.groups()

    def add(own: str, matrices: np.ndarray) -> None:
        kind = group_type(file, matrices.shape)
        writer.add_tensor(own, matrices if kind is None else quants.quantize(matrices, kind), raw_dtype=kind)

    if kind == "experts.gate_up_proj":
        for part, rows in zip(("gate", "up"), np.split(value, 2, axis=1)):
            add(f"blk.{layer}.ffn_{part}_exps.weight", np.ascontiguousarray(rows))
    elif kind == "experts.down_proj":
        add(f"blk.{layer}.ffn_down_exps.weight", value)
    else:
        writer.add_tensor(f"blk.{layer}.ffn_gate_inp.weight", value)
    return True


def write_logits(file: str, model, state: dict) -> None:
    """transformers' logits of the file's values: experts in groups are what their groups say. Longer than Ministral's first training."""
    values = {}
    for key, value in state.items():
        kind = group_type(file, value.shape) if ".experts." in key else None
        values[key] = torch.from_numpy(value if kind is None else quants.dequantize(quants.quantize(value, kind), kind))
    missing, unexpected = model.load_state_dict(values, strict=False)
    assert not unexpected and all(key == "lm_head.weight" for key in missing), (missing, unexpected)
    model.tie_weights()
    ids = [(7 * i * i + 3 * i + 1) % 20 for i in range(40)]
    with torch.no_grad():
        logits = model.eval()(torch.tensor([ids])).logits[0]
    (OUT / f"{file}.logits.json").write_text(json.dumps(dict(ids=ids, logits=[[round(x, 6) for x in row] for row in logits.tolist()])) + "\n")


def write(file: str) -> None:
    family, architecture, more = MODELS[file]
    name = file.split("-")[0]
    own_sizes = name == "gpt2"
    suffix = "TextConfig" if name in ("gemma3", "gemma4", "qwen35") else "Config"
    sizes = {key: value for key, value in SIZES.items() if not own_sizes or key.endswith("_id") or key == "vocab_size"}
    config = getattr(transformers, f"{family}{suffix}")(**{**sizes, **more})
    torch.manual_seed(3)
    model = transformers.AutoModelForCausalLM.from_config(config)
    state = {}
    for key, value in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        noise = torch.randn_like(value) * 0.1
        state[key] = (value + noise if "norm" in key or "ln_" in key else noise).to(torch.float32).numpy()
    # No bias of Phi3, SmolLM3 or OLMo2 is there; Qwen2 has those of queries, keys and values.
    names = get_tensor_name_map(architecture, config.num_hidden_layers)
    writer = GGUFWriter(OUT / f"{file}.gguf", name)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    if name != "gemma4":
        writer.add_feed_forward_length(config.n_inner if name == "gpt2" else config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    if name in ("gpt2", "gptneox"):
        writer.add_layer_norm_eps(1e-6)
    if name == "gptneox":
        writer.add_rope_dimension_count(2)
        writer.add_parallel_residual(config.use_parallel_residual)
    if name not in ("gpt2", "gptneox"):
        write_rotary(writer, name, config)
    for key, value in state.items():
        if write_experts(writer, file, key, value):
            continue
        renamed = names.get_name(key.replace(".dt_bias", ".dt_proj.bias").replace("expert_bias", "expert_bias.bias").replace("layer_scalar", "layer_scalar.weight"), try_suffixes=(".weight", ".bias"))
        if ".linear_attn." in key:
            value = of_delta_net(key, value, config)
        if name in PERMUTED and ".q_proj." in key:
            value = permute(value, config.num_attention_heads)
        if name in PERMUTED and ".k_proj." in key:
            value = permute(value, config.num_key_value_heads)
        if (name in ("gemma2", "gemma3") or name == "qwen35" and ".linear_attn." not in key) and "norm" in key:
            value = value + np.float32(1)
        if name == "gpt2" and key.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            value = value.T
        if "query_key_value" in key:
            value = parts_first(value, config.num_attention_heads)
        if key.endswith("conv.conv.weight"):
            value = value.squeeze(1)
        writer.add_tensor(renamed, np.ascontiguousarray(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if name in WITH_LOGITS:
        write_logits(file, model, state)
    if file != name:
        return
    # GPT-NeoX's head has another name in files than in memory.
    save_file({key.replace("lm_head", "embed_out") if name == "gptneox" else key: value for key, value in state.items()}, OUT / f"{name}.safetensors")
    (OUT / f"{name}.json").write_text(json.dumps(config.to_dict(), default=str) + "\n")


def write_grouped() -> None:
    """A GPT-2 whose matrices are in groups, which run along the inputs."""
    random = np.random.default_rng(5)
    normal = lambda *shape: random.normal(0, 0.2, shape).astype(np.float32)
    writer = GGUFWriter(OUT / "gpt2-Q8_0.gguf", "gpt2")
    for name, value in [("block_count", 1), ("context_length", 16), ("embedding_length", 32), ("feed_forward_length", 64), ("head_count", 2)]:
        getattr(writer, f"add_{name}")(value)
    writer.add_layer_norm_eps(1e-5)
    grouped = lambda name, *shape: writer.add_tensor(name, quants.quantize(normal(*shape), Type.Q8_0), raw_dtype=Type.Q8_0)
    grouped("token_embd.weight", 20, 32)
    writer.add_tensor("position_embd.weight", normal(16, 32))
    for name, rows, columns in [("attn_qkv", 96, 32), ("attn_output", 32, 32), ("ffn_up", 64, 32), ("ffn_down", 32, 64)]:
        grouped(f"blk.0.{name}.weight", rows, columns)
        writer.add_tensor(f"blk.0.{name}.bias", normal(rows))
    for name in ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"]:
        writer.add_tensor(f"{name}.weight", 1 + normal(32))
        writer.add_tensor(f"{name}.bias", normal(32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


OUT.mkdir(exist_ok=True, parents=True)
for each in sys.argv[1:] or MODELS:
    write(each)

write_grouped()
