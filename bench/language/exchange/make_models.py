"""Small random models of every architecture, an adapter of each, and what transformers and PEFT write behind three prompts.

    python3 bench/language/exchange/make_models.py FOLDER [NAME…]

For architectures.mjs beside it. FOLDER/NAME/model is as transformers saves it, with a tokenizer and a chat template; `adapter` is PEFT's, LoRA on every linear layer with ranks and alphas of its own in some, far from zero; theirs.json holds ids. The configurations
are those of test/golden/generate/generate_decoder.py, but for what GGUF files have no place for. Needs torch, transformers and peft.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "test/golden/generate"))
import peft
import torch
import transformers
from generate_decoder import MODELS, PROMPTS, VOCABULARY, randomise, tokenizer_of

COUNT = 32
LEAST = 1e-3
TEMPLATE = "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>\n{% endfor %}{% if add_generation_prompt %}<s>assistant\n{% endif %}"
# What llama.cpp has constants for, and rows of several groups: of one alone llama.cpp's products of 32 tokens and more are wrong.
WIDE = dict(hidden_size=128, intermediate_size=192)
SAYABLE = {
    "llama": dict(
        head_dim=32,
        rope_parameters=dict(
            rope_type="llama3",
            rope_theta=500000.0,
            factor=32.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=8192,
        ),
    ),
    # llama.cpp takes the factors of long texts where its context, which is a multiple of 256, is longer than this.
    "phi3_longrope": dict(
        max_position_embeddings=1024,
        original_max_position_embeddings=256,
        rope_parameters=dict(
            rope_type="longrope",
            rope_theta=10000.0,
            partial_rotary_factor=0.5,
            short_factor=[1.0 + 0.1 * i for i in range(8)],
            long_factor=[2.0 + i for i in range(8)],
            original_max_position_embeddings=256,
        ),
    ),
    "gpt2": dict(n_embd=128, n_inner=192),
    "gemma3_text": dict(
        query_pre_attn_scalar=16,
        initializer_range=0.06,
        num_hidden_layers=6,
        layer_types=["sliding_attention"] * 5 + ["full_attention"],
        rope_parameters={
            "full_attention": dict(rope_type="linear", rope_theta=1000000.0, factor=8.0),
            "sliding_attention": dict(rope_type="default", rope_theta=10000.0),
        },
    ),
    "smollm3": dict(num_hidden_layers=4, no_rope_layers=[1, 1, 1, 0], layer_types=["full_attention"] * 4),
    # Windows that llama.cpp does not know of these.
    "mistral": dict(sliding_window=None, head_dim=32),
    "qwen2": dict(use_sliding_window=False, layer_types=None),
}


def greedy(model, ids: list[int]) -> tuple[list[int], float]:
    ids, margin = list(ids), float("inf")
    for _ in range(COUNT):
        with torch.no_grad():
            best = model(torch.tensor([ids])).logits[0, -1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    return ids[-COUNT:], margin


def with_adapter(name: str, model):
    first = next(
        path
        for path, module in model.named_modules()
        if ".1." in path and (type(module).__name__ == "Linear" or path.endswith("attn.c_attn"))
    )
    lora = peft.LoraConfig(
        **dict(r=4, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False),
        **dict(rank_pattern={first: 2}, alpha_pattern={first: 5}, fan_in_fan_out=name == "gpt2"),
    )
    return peft.get_peft_model(model, lora).eval()


def quieten(model, tokenizer) -> None:
    """Leaves no logit to pieces that are no text by themselves, which wllama cannot give the ids of."""
    plain = lambda token: all(letter.isascii() or letter in "ĠĊ▁" for letter in token) and not token.startswith("<0x")
    rows = [id for token, id in tokenizer.get_vocab().items() if not plain(token) or token == "<unk>"]
    rows += range(tokenizer.get_vocab_size(), VOCABULARY)
    model.get_output_embeddings().weight.data[rows] *= 0.01


def make(name: str, folder: Path) -> None:
    given, kind, _ = MODELS[name]()
    config = type(given).from_dict({**given.to_dict(), **({} if name == "gpt2" else WIDE), **SAYABLE.get(name, {})})
    tokenizer = tokenizer_of(kind)
    prompts = [tokenizer.encode(text).ids for text in PROMPTS]
    # Texts of which no token is a toss-up between two.
    for seed in range(20):
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        randomise(model)
        quieten(model, tokenizer)
        base = [greedy(model, ids) for ids in prompts]
        tuned = with_adapter(name, model)
        adapted = [greedy(tuned, ids) for ids in prompts]
        margin = min(margin for _, margin in base + adapted)
        if margin > LEAST:
            break
    tuned.save_pretrained(folder / "adapter")
    tuned.unload().save_pretrained(folder / "model")
    (folder / "model/tokenizer.json").write_text(tokenizer.to_str())
    special = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", chat_template=TEMPLATE)
    (folder / "model/tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **special}))
    theirs = {
        "prompts": [{"text": text, "ids": ids} for text, ids in zip(PROMPTS, prompts)],
        "base": [ids for ids, _ in base],
        "adapted": [ids for ids, _ in adapted],
    }
    (folder / "theirs.json").write_text(json.dumps(theirs))
    print(f"{name}: seed {seed}, least gap between the two best logits {margin:.1e}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in sys.argv[2:] or MODELS:
        make(each, Path(sys.argv[1]) / each)
