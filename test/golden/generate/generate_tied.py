"""Writes what PEFT makes of adapters on the table of words or the output layer of test/golden/decoders into test/golden/tied: of each
model a JSON file with the cases' configurations and losses, and their tensors.

    python3 test/golden/generate/generate_tied.py            # all
    python3 test/golden/generate/generate_tied.py qwen2

torch 2.15, transformers 5.24, peft 0.21; float32, attention "eager". LoRA r 2, alpha 6; all of what is trained is moved by N(0, 0.1²) first;
three steps of AdamW at 1e-3, weight decay 0.01, on the batch of the model's golden.json. Of each case: adapter/KEY as PEFT saves it before
the steps, gradient/KEY of the first, logits of the last four tokens of the first prompt before the steps (before) and after them (after).
"""

import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).parent.parent
FOLDER = GOLDEN / "tied"
STEPS = 3
QUERY = {"gpt2": "c_attn"}
WORDS = {"gpt2": "wte"}
# Of each model with a tied output layer; llama has one of its own.
ALL = ["head", "tokens", "table"]
MODELS = {
    "qwen2": ALL
    + ["head_dora", "head_saved", "table_dora", "table_saved", "both", "tokens_apart", "tokens_twice", "tokens_head", "tokens_and_head"]
    + ["ensured_table", "ensured_saved"],
    "gpt2": ALL + ["tokens_and_head", "table_saved"],
    "gemma3_text": ALL + ["tokens_and_head"],
    "smollm3": ALL,
    "llama_yarn": ALL,
    "llama": ["head", "tokens_head"],
}


def config_of(case, name):
    query, words = QUERY.get(name, "q_proj"), WORDS.get(name, "embed_tokens")
    own = {
        "head": dict(target_modules=[query, "lm_head"]),
        "head_dora": dict(target_modules=["lm_head"], use_dora=True),
        "head_saved": dict(target_modules=[query], modules_to_save=["lm_head"]),
        "table": dict(target_modules=[query, words]),
        "table_dora": dict(target_modules=[words], use_dora=True),
        "table_saved": dict(target_modules=[query], modules_to_save=[words]),
        "both": dict(target_modules=[words, "lm_head"]),
        "tokens": dict(target_modules=[query], trainable_token_indices=[300, 7, 40]),
        "tokens_apart": dict(target_modules=[query], trainable_token_indices={words: [300, 7], "lm_head": [7, 40, 41]}),
        "tokens_twice": dict(target_modules=[query], trainable_token_indices={words: [300, 7], "lm_head": [300, 7]}),
        "tokens_head": dict(target_modules=[query], trainable_token_indices={"lm_head": [7, 300]}),
        "tokens_and_head": dict(target_modules=[query, "lm_head"], trainable_token_indices=[300, 7, 40]),
        "ensured_table": dict(target_modules=[query, words], ensure_weight_tying=True),
        "ensured_saved": dict(target_modules=[query], modules_to_save=[words], ensure_weight_tying=True),
    }[case]
    return peft.LoraConfig(r=2, lora_alpha=6, task_type="CAUSAL_LM", fan_in_fan_out=name == "gpt2", **own)


def logits_of(model, ids):
    model.eval()
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -4:].clone()


def loss_of(model, batch):
    longest = max(len(one["ids"]) for one in batch)
    row = lambda values, fill: values + [fill] * (longest - len(values))
    ids = torch.tensor([row(one["ids"], 0) for one in batch])
    mask = torch.tensor([row([1] * len(one["ids"]), 0) for one in batch])
    labels = torch.tensor([row([-100] * one["first"] + one["ids"][one["first"] :], -100) for one in batch])
    return model(input_ids=ids, attention_mask=mask, labels=labels).loss


def saved(model, file):
    folder = Path(tempfile.mkdtemp())
    model.save_pretrained(folder)
    tensors = load_file(folder / "adapter_model.safetensors")
    config = json.loads((folder / "adapter_config.json").read_text())
    shutil.rmtree(folder)
    return tensors, config


def key_of(name):
    """The name in the adapter's file of a parameter."""
    for part in [".modules_to_save.default", ".default"]:
        name = name.replace(part, "")
    return name


def generate(name):
    golden = json.loads((GOLDEN / "decoders" / name / "golden.json").read_text())
    prompt = golden["prompts"][0]["ids"]
    tensors, cases = {}, {}
    for number, case in enumerate(MODELS[name]):
        model = transformers.AutoModelForCausalLM.from_pretrained(
            GOLDEN / "decoders" / name, dtype=torch.float32, attn_implementation="eager"
        )
        torch.manual_seed(number)
        adapted = peft.get_peft_model(model, config_of(case, name))
        params = {key: p for key, p in adapted.named_parameters() if p.requires_grad}
        with torch.no_grad():
            for p in params.values():
                p.add_(0.1 * torch.randn_like(p))
        adapter, config = saved(adapted, case)
        config["base_model_name_or_path"] = name
        # PEFT keeps sets of them, whose order is by chance.
        config["target_modules"].sort()
        # Copies of the base's table, of which one case is enough.
        if case != "head":
            adapter = {key: value for key, value in adapter.items() if not key.endswith(".base_layer.weight")}
        kept = {f"adapter/{key}": value for key, value in adapter.items()}
        kept["before"] = logits_of(adapted, prompt)
        losses = []
        optimizer = torch.optim.AdamW(params.values(), lr=1e-3, weight_decay=0.01)
        adapted.train()
        for step in range(0 if case.startswith("ensured") else STEPS):
            optimizer.zero_grad()
            loss = loss_of(adapted, golden["batch"])
            loss.backward()
            if step == 0:
                kept |= {f"gradient/{key_of(key)}": p.grad.clone() for key, p in params.items() if ".layers." not in key and ".h." not in key}
            optimizer.step()
            losses.append(loss.item())
        kept["after"] = logits_of(adapted, prompt)
        cases[case] = {"config": config, "losses": losses}
        tensors |= {f"{case}/{key}": value.contiguous() for key, value in kept.items()}
        print(name, case, losses)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(cases, indent=1, sort_keys=True) + "\n")
    save_file(tensors, str(FOLDER / f"{name}.safetensors"))
    (FOLDER / f"{name}.safetensors").chmod(0o644)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MODELS:
        generate(chosen)
