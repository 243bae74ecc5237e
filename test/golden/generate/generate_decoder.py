"""Writes a tiny language model with random weights and what transformers and PEFT make of it: test/golden/decoders/NAME of each.

    python3 test/golden/generate/generate_decoder.py            # all
    python3 test/golden/generate/generate_decoder.py llama qwen3

torch 2.15, transformers 5.24, peft 0.21, tokenizers 0.23; float32, attention "eager". LoRA r 4, alpha 8 on every linear layer but the
head; AdamW at 1e-3, weight decay 0.01; five steps on one batch of four examples, padded on the right, the loss the mean over
the tokens of the completions. golden.json: ids of three prompts, what greedy search puts behind them (end-of-text stops nothing) with the
least gap between the two best logits on the way, the batch, each step's loss before its update. logits.safetensors: of the prompts,
before (base) and after the steps (adapted).
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

STEPS = 5
NEW = 16
GOLDEN = Path(__file__).parent.parent / "decoders"
VOCABULARY = 320
SIZES = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=96,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
    initializer_range=0.2,
)
NEOX = {name: value for name, value in SIZES.items() if name != "num_key_value_heads"}
THETA = dict(rope_type="default", rope_theta=10000.0)
GEMMA4 = dict(
    full_attention=dict(rope_type="proportional", rope_theta=10000.0, partial_rotary_factor=0.5),
    sliding_attention=dict(rope_type="default", rope_theta=1000.0),
)
FACTORS = dict(attention_multiplier=0.25, embedding_multiplier=3.0, residual_multiplier=0.4, logits_scaling=1.6)

PROMPTS = ["The film is a funny and touching", "In 1999 the café cost $12.50 😀 for   two,\n\nand it's gone", "A"]
BATCH = [
    ("A quiet family drama with a little", " bit of romance and a dose of darkness."),
    ("Will anyone who isn't a fan", " be excited that it hasn't gone straight to video?"),
    ("This is a nervy, risky film", " to give herself over to."),
    ("A thriller", " so integrated with the story, you cannot separate them — 9/10! 😀"),
]

QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Marks belong to words.
QWEN35 = QWEN.replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}", r"[^\s\p{L}\p{M}")

# Configuration, the tokenizer's kind, and the type of the file's weights. Each has something that the others have not.
MODELS = {
    "llama": lambda: (
        transformers.LlamaConfig(
            **SIZES,
            mlp_bias=True,
            rope_parameters=dict(
                rope_type="llama3",
                rope_theta=10000.0,
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=32,
            ),
        ),
        "bytes",
        torch.float32,
    ),
    "llama_yarn": lambda: (
        transformers.LlamaConfig(
            **SIZES,
            tie_word_embeddings=True,
            attention_bias=True,
            head_dim=12,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=24
            ),
        ),
        "marks",
        torch.bfloat16,
    ),
    "mistral": lambda: (
        transformers.MistralConfig(
            **SIZES, sliding_window=5, rope_parameters=dict(rope_type="linear", rope_theta=1000.0, factor=2.0)
        ),
        "marks",
        torch.float16,
    ),
    "ministral3": lambda: (
        transformers.Ministral3Config(
            **SIZES,
            head_dim=12,
            sliding_window=12,
            rope_parameters=dict(
                type="yarn",
                rope_type="yarn",
                rope_theta=10000.0,
                factor=4.0,
                original_max_position_embeddings=8,
                beta_fast=32.0,
                beta_slow=1.0,
                mscale=1.0,
                mscale_all_dim=1.0,
                llama_4_scaling_beta=0.5,
            ),
        ),
        "bytes",
        torch.bfloat16,
    ),
    "qwen2": lambda: (
        transformers.Qwen2Config(
            **SIZES,
            tie_word_embeddings=True,
            use_sliding_window=True,
            sliding_window=6,
            max_window_layers=1,
            rope_parameters=THETA,
        ),
        "qwen",
        torch.float32,
    ),
    "qwen3": lambda: (transformers.Qwen3Config(**SIZES, head_dim=16, rope_parameters=THETA), "qwen", torch.float32),
    "gemma3_text": lambda: (
        transformers.Gemma3TextConfig(
            **SIZES,
            head_dim=16,
            query_pre_attn_scalar=24,
            sliding_window=4,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters={
                "full_attention": dict(rope_type="linear", rope_theta=100000.0, factor=8.0),
                "sliding_attention": dict(rope_type="default", rope_theta=1000.0),
            },
        ),
        "marks",
        torch.float32,
    ),
    "gemma2": lambda: (
        transformers.Gemma2Config(
            **SIZES,
            head_dim=16,
            query_pre_attn_scalar=20,
            sliding_window=4,
            attn_logit_softcapping=2.0,
            final_logit_softcapping=5.0,
            rope_parameters=THETA,
        ),
        "marks",
        torch.bfloat16,
    ),
    # Vectors for each layer, layers that use keys and values of others, and two sizes of heads.
    "gemma4_text": lambda: (
        transformers.Gemma4TextConfig(
            **{**SIZES, "num_hidden_layers": 5, "num_key_value_heads": 1, "initializer_range": 0.15},
            head_dim=8,
            global_head_dim=16,
            sliding_window=4,
            layer_types=["sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "full_attention"],
            num_kv_shared_layers=2,
            use_double_wide_mlp=True,
            hidden_size_per_layer_input=8,
            vocab_size_per_layer_input=VOCABULARY,
            final_logit_softcapping=5.0,
            rope_parameters=GEMMA4,
        ),
        "marks",
        torch.bfloat16,
    ),
    # As its larger models: values are keys in layers without a window, and layers get no vectors.
    "gemma4_keys": lambda: (
        transformers.Gemma4TextConfig(
            **SIZES,
            head_dim=12,
            global_head_dim=20,
            num_global_key_value_heads=1,
            attention_k_eq_v=True,
            attention_bias=True,
            sliding_window=3,
            layer_types=["full_attention", "sliding_attention", "full_attention"],
            hidden_size_per_layer_input=0,
            tie_word_embeddings=False,
            rope_parameters=GEMMA4,
        ),
        "marks",
        torch.float32,
    ),
    "vaultgemma": lambda: (
        transformers.VaultGemmaConfig(
            **SIZES,
            head_dim=8,
            query_pre_attn_scalar=8,
            sliding_window=6,
            attn_logit_softcapping=1.5,
            final_logit_softcapping=None,
            rope_parameters=THETA,
        ),
        "bytes",
        torch.float32,
    ),
    "granite": lambda: (
        transformers.GraniteConfig(**SIZES, **FACTORS, tie_word_embeddings=True, mlp_bias=True, rope_parameters=THETA),
        "bytes",
        torch.float32,
    ),
    "granite4": lambda: (
        transformers.GraniteMoeHybridConfig(
            **SIZES,
            **FACTORS,
            tie_word_embeddings=True,
            num_local_experts=0,
            num_experts_per_tok=0,
            shared_intermediate_size=56,
            layer_types=["full_attention"] * 3,
            position_embedding_type="rope",
            mamba_n_heads=8,
            rope_parameters=THETA,
        ),
        "bytes",
        torch.bfloat16,
    ),
    "granitemoe": lambda: (
        transformers.GraniteMoeConfig(
            **{**SIZES, "intermediate_size": 24},
            **FACTORS,
            tie_word_embeddings=True,
            num_local_experts=6,
            num_experts_per_tok=2,
            rope_parameters=THETA,
        ),
        "bytes",
        torch.bfloat16,
    ),
    "granitemoeshared": lambda: (
        transformers.GraniteMoeSharedConfig(
            **{**SIZES, "intermediate_size": 16},
            **FACTORS,
            shared_intermediate_size=40,
            num_local_experts=5,
            num_experts_per_tok=3,
            rope_parameters=THETA,
        ),
        "bytes",
        torch.bfloat16,
    ),
    "qwen3_moe": lambda: (
        transformers.Qwen3MoeConfig(
            **SIZES,
            head_dim=16,
            num_experts=5,
            num_experts_per_tok=2,
            moe_intermediate_size=20,
            norm_topk_prob=True,
            mlp_only_layers=[1],
            rope_parameters=THETA,
        ),
        "qwen",
        torch.bfloat16,
    ),
    "olmoe": lambda: (
        transformers.OlmoeConfig(
            **{**SIZES, "intermediate_size": 20}, num_experts=6, num_experts_per_tok=3, rope_parameters=THETA
        ),
        "bytes",
        torch.bfloat16,
    ),
    "lfm2_moe": lambda: (
        transformers.Lfm2MoeConfig(
            **SIZES,
            norm_eps=1e-5,
            conv_L_cache=3,
            num_dense_layers=1,
            num_experts=6,
            num_experts_per_tok=2,
            moe_intermediate_size=20,
            routed_scaling_factor=1.5,
            layer_types=["conv", "full_attention", "conv"],
            rope_parameters=THETA,
        ),
        "bytes",
        torch.bfloat16,
    ),
    "lfm2": lambda: (
        transformers.Lfm2Config(
            **{**SIZES, "intermediate_size": 84},
            norm_eps=1e-5,
            conv_L_cache=4,
            block_multiple_of=8,
            layer_types=["conv", "full_attention", "conv"],
            rope_parameters=THETA,
        ),
        "bytes",
        torch.bfloat16,
    ),
    "qwen3_5": lambda: (
        transformers.Qwen3_5TextConfig(
            **{**SIZES, "num_hidden_layers": 4},
            head_dim=16,
            attention_bias=True,
            tie_word_embeddings=True,
            linear_conv_kernel_dim=3,
            linear_num_key_heads=2,
            linear_num_value_heads=4,
            linear_key_head_dim=8,
            linear_value_head_dim=12,
            layer_types=["linear_attention", "full_attention", "linear_attention", "full_attention"],
            rope_parameters=dict(**THETA, partial_rotary_factor=0.25),
        ),
        "qwen35",
        torch.bfloat16,
    ),
    "phi3": lambda: (
        transformers.Phi3Config(
            **SIZES, sliding_window=None, rope_parameters=dict(**THETA, partial_rotary_factor=0.5)
        ),
        "bytes",
        torch.float32,
    ),
    "phi3_longrope": lambda: (
        transformers.Phi3Config(
            **{**SIZES, "max_position_embeddings": 384},
            original_max_position_embeddings=96,
            rope_parameters=dict(
                rope_type="longrope",
                rope_theta=10000.0,
                partial_rotary_factor=0.5,
                short_factor=[1.0, 1.3],
                long_factor=[2.0, 5.0],
            ),
        ),
        "bytes",
        torch.float32,
    ),
    "smollm3": lambda: (
        transformers.SmolLM3Config(**SIZES, no_rope_layers=[1, 0, 1], use_sliding_window=False, rope_parameters=THETA),
        "bytes",
        torch.float32,
    ),
    "olmo2": lambda: (transformers.Olmo2Config(**SIZES, rope_parameters=THETA), "bytes", torch.float32),
    "gpt2": lambda: (
        transformers.GPT2Config(
            vocab_size=VOCABULARY,
            n_embd=32,
            n_inner=56,
            n_layer=3,
            n_head=4,
            n_positions=96,
            bos_token_id=1,
            eos_token_id=2,
            initializer_range=0.2,
            **{name: 0.0 for name in ["attn_pdrop", "embd_pdrop", "resid_pdrop"]},
        ),
        "bytes",
        torch.float32,
    ),
    "gpt_neox": lambda: (
        transformers.GPTNeoXConfig(**NEOX, rope_parameters=dict(**THETA, partial_rotary_factor=0.5)),
        "bytes",
        torch.float32,
    ),
    "gpt_neox_serial": lambda: (
        transformers.GPTNeoXConfig(
            **NEOX, use_parallel_residual=False, rope_parameters=dict(**THETA, partial_rotary_factor=0.25)
        ),
        "bytes",
        torch.float32,
    ),
}


# In these, PEFT's "all-linear" means experts and routers too, which transformers 4 had as linear layers.
ATTENTION_ALONE = ["qwen3_moe", "olmoe"]
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]


def tokenizer_of(kind):
    special = ["<unk>", "<s>", "</s>"]
    texts = PROMPTS + [text for pair in BATCH for text in pair]
    common = dict(vocab_size=VOCABULARY - 10, show_progress=False)
    if kind == "marks":
        pieces = special + [f"<0x{byte:02X}>" for byte in range(256)]
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        trainer = trainers.BpeTrainer(special_tokens=pieces, limit_alphabet=20, **common)
        tokenizer.train_from_iterator([text.replace(" ", "▁") for text in texts], trainer)
        # The pieces of bytes are ordinary tokens: only the first three are special.
        parts = json.loads(tokenizer.to_str())
        parts["added_tokens"] = parts["added_tokens"][: len(special)]
        tokenizer = Tokenizer.from_str(json.dumps(parts))
    else:
        tokenizer = Tokenizer(models.BPE())
        bytes_alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind == "bytes")
        if kind.startswith("qwen"):
            tokenizer.normalizer = normalizers.NFC()
            split = pre_tokenizers.Split(Regex(QWEN35 if kind == "qwen35" else QWEN), behavior="isolated", invert=False)
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_alone])
        else:
            tokenizer.pre_tokenizer = bytes_alone
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(special_tokens=special, initial_alphabet=alphabet, **common))
    if not kind.startswith("qwen"):
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def randomise(model):
    for name, parameter in model.named_parameters():
        if "norm" in name or ".ln_" in name:
            family = type(model).__name__
            plus_one = "Gemma" in family and "Gemma4" not in family or ("Qwen3_5" in family and "linear_attn" not in name)
            centre = 0.0 if name.endswith("bias") or plus_one else 1.0
            torch.nn.init.normal_(parameter, centre, 0.2)
            if "Gemma4" in family and name.endswith(("q_norm.weight", "k_norm.weight")):
                # They alone scale its scores. Of large ones float32 says little: a change of 1e-6 in an adapter moved logits by 1e-4 and more.
                parameter.data *= 0.3
        elif name.endswith("bias"):
            torch.nn.init.normal_(parameter, 0.0, 0.1)
        elif name.endswith(("in_proj_qkv.weight", "conv1d.weight")):
            # Keys near queries: the norm after the delta rule would else divide by almost nothing, and float32 say little of its gradient.
            keys = model.config.linear_num_key_heads * model.config.linear_key_head_dim
            with torch.no_grad():
                parameter[keys : 2 * keys] = parameter[:keys] + 0.3 * parameter[keys : 2 * keys]
    for name, buffer in model.named_buffers():
        if name.endswith("expert_bias"):
            torch.nn.init.normal_(buffer, 0.0, 0.3)
            buffer.data = buffer.data.to(torch.bfloat16).to(torch.float32)


def scale_layers(model, dtype):
    """Numbers that Gemma 4 multiplies its layers by: buffers, which are 1 at first."""
    for name, buffer in model.named_buffers():
        if name.endswith("layer_scalar"):
            buffer.copy_(torch.empty(1).uniform_(0.5, 1.5).to(dtype))


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def greedy(model, ids):
    ids, margin = list(ids), float("inf")
    for _ in range(NEW):
        best = logits_of(model, ids)[-1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    return ids[-NEW:], margin


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def train(model, batch):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row, _ in batch])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row, _ in batch])
    labels = torch.tensor(
        [[-100] * first + row[first:] + [-100] * (longest - len(row)) for row, first in batch]
    )
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def generate(name):
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    config, kind, dtype = MODELS[name]()
    for seed in range(20):
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        randomise(model)
        # The parameters alone: angles of rotations stay as they are.
        for parameter in model.parameters():
            parameter.data = parameter.data.to(dtype).to(torch.float32)
        scale_layers(model, dtype)
        tokenizer = tokenizer_of(kind)
        prompts = [tokenizer.encode(text).ids for text in PROMPTS]
        found = [greedy(model, ids) for ids in prompts]
        if min(margin for _, margin in found) > 2e-3:
            break
    transformers.AutoModelForCausalLM.from_config(config, dtype=dtype).save_pretrained(
        folder, state_dict={key: value.to(dtype) for key, value in model.state_dict().items()}
    )
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")
    golden = {
        "prompts": [
            {"text": text, "ids": ids, "new_ids": new, "new_text": tokenizer.decode(new, skip_special_tokens=True)}
            for text, ids, (new, _) in zip(PROMPTS, prompts, found)
        ],
        "smallest_margin": min(margin for _, margin in found),
    }
    logits = {f"base/{i}": logits_of(model, ids).clone() for i, ids in enumerate(prompts)}
    batch = []
    for prompt, completion in BATCH:
        first = tokenizer.encode(prompt).ids
        whole = tokenizer.encode(prompt + completion).ids
        shared = next((i for i, (a, b) in enumerate(zip(first, whole)) if a != b), len(first))
        batch.append((whole + [2], shared))
    lora = peft.LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=ATTENTION if name in ATTENTION_ALONE else "all-linear",
        task_type="CAUSAL_LM",
        fan_in_fan_out=name == "gpt2",
    )
    torch.manual_seed(1000)
    adapted = peft.get_peft_model(model, lora)
    adapted.train()
    adapted.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    golden["losses"] = train(adapted, batch)
    adapted.eval()
    golden["batch"] = [
        {"prompt": prompt, "completion": completion, "ids": ids, "first": first}
        for (prompt, completion), (ids, first) in zip(BATCH, batch)
    ]
    logits |= {f"adapted/{i}": logits_of(adapted, ids).clone() for i, ids in enumerate(prompts)}
    save_file(logits, str(folder / "logits.safetensors"))
    write_json(folder / "golden.json", golden)
    print(name, golden["smallest_margin"], golden["losses"])


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MODELS:
        generate(chosen)
