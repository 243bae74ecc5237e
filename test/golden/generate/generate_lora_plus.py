"""Writes test/golden/lora-plus: the losses of PEFT's create_loraplus_optimizer, step by step, on golden encoders and decoders.

    python3 test/golden/generate/generate_lora_plus.py

torch 2.15, transformers 5.24, peft 0.21. A folder has PEFT's files of the adapter that training starts with and golden.json: the base,
the settings, each of eight steps' loss before its update (float64 of an encoder, float32 of a decoder), and PEFT's groups by the names that the parameters have in the
file. An encoder's loss is the cross entropy of a head (head.safetensors) on the mean-pooled vectors of eight texts, a decoder's that of
generate_decoder.py's batch.
"""

import json
import re
import shutil
import warnings
from pathlib import Path

import peft
import torch
import transformers
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
GOLDEN = Path(__file__).parent.parent
OUT = GOLDEN / "lora-plus"
STEPS = 8
LABELS = [0, 1, 2, 1, 0, 2, 2, 1]
PLAIN = dict(lr=1e-3, loraplus_lr_ratio=16, loraplus_weight_decay=0.2)

# Base, what the adapter has, and what the optimizer gets.
CASES = {
    "biases_and_norms": ("bert", dict(target_modules=["query", "value"], bias="all", modules_to_save=["LayerNorm"]), PLAIN),
    "dora_and_tables": (
        "bert",
        dict(target_modules=["query", "value", "word_embeddings"], use_dora=True, bias="lora_only"),
        PLAIN | dict(loraplus_lr_embedding=2e-3),
    ),
    "lora_bias": ("bert", dict(target_modules=["query", "output.dense"], lora_bias=True, modules_to_save=["key"]), PLAIN),
    "token_rows": ("bert", dict(target_modules=["query"], trainable_token_indices={"position_embeddings": [0, 1, 2]}), PLAIN),
    "tables": ("bert", dict(target_modules=["query", "word_embeddings"], modules_to_save=["position_embeddings"]), PLAIN),
    "rms_norms": ("llama", dict(target_modules=["q_proj", "up_proj"], bias="all", modules_to_save=["input_layernorm", "norm"]), PLAIN),
    "layer_norms": (
        "gpt2",
        dict(target_modules=["c_attn", "c_fc"], bias="all", modules_to_save=["ln_1"], fan_in_fan_out=True),
        PLAIN,
    ),
}


class Classifier(torch.nn.Module):
    """An encoder with its adapter, and a head on its mean-pooled vectors."""

    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(width, 3)

    def loss(self, ids):
        vectors = torch.cat([self.encoder(input_ids=torch.tensor([row])).last_hidden_state.mean(1) for row in ids])
        return torch.nn.functional.cross_entropy(self.head(vectors), torch.tensor(LABELS))


def file_name(name):
    return re.sub(r"\.default(?=\.|$)", "", name.removeprefix("encoder.")).replace(".modules_to_save.", ".")


def completions(model, batch):
    longest = max(len(row["ids"]) for row in batch)
    pad = lambda values, by: values + [by] * (longest - len(values))
    ids = torch.tensor([pad(row["ids"], 0) for row in batch])
    mask = torch.tensor([pad([1] * len(row["ids"]), 0) for row in batch])
    labels = torch.tensor([pad([-100] * row["first"] + row["ids"][row["first"] :], -100) for row in batch])
    return lambda: model(input_ids=ids, attention_mask=mask, labels=labels).loss


def write(name, base, fields, settings):
    torch.manual_seed(len(name))
    folder = OUT / name
    is_encoder = (GOLDEN / "encoders" / base).exists()
    source = GOLDEN / ("encoders" if is_encoder else "decoders") / base
    auto = transformers.AutoModel if is_encoder else transformers.AutoModelForCausalLM
    inner = auto.from_pretrained(source, dtype=torch.float32, attn_implementation="eager")
    task = None if is_encoder else "CAUSAL_LM"
    adapted = peft.get_peft_model(inner, peft.LoraConfig(r=4, lora_alpha=6, task_type=task, **fields)).eval()
    with torch.no_grad():
        for key, value in adapted.named_parameters():
            if value.requires_grad and ("lora_A" in key or "lora_B" in key or "lora_embedding" in key):
                value.copy_(torch.randn_like(value) * 0.2)
            elif value.requires_grad:
                value.add_(torch.randn_like(value) * 0.1)
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    text = json.loads(path.read_text())
    text["base_model_name_or_path"] = base
    text["target_modules"].sort()
    path.write_text(json.dumps(text, indent=2, sort_keys=True))
    if is_encoder:
        model = Classifier(adapted, inner.config.hidden_size)
        save_file({key: value.contiguous() for key, value in model.head.state_dict().items()}, folder / "head.safetensors")
        ids = json.loads((source / "ids.json").read_text())["texts"][:8]
        loss = lambda: model.loss(ids)
    else:
        model = adapted
        loss = completions(adapted, json.loads((source / "golden.json").read_text())["batch"])
    model.double()
    optimizer = create_loraplus_optimizer(model, torch.optim.AdamW, **settings)
    names = {id(value): file_name(key) for key, value in model.named_parameters()}
    groups = [
        {"lr": group["lr"], "weight_decay": group["weight_decay"], "params": sorted(names[id(value)] for value in group["params"])}
        for group in optimizer.param_groups
    ]
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    golden = {"base": base, "settings": settings, "losses": losses, "groups": groups}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    print(name, losses[0], losses[-1], [len(group["params"]) for group in groups])


shutil.rmtree(OUT, ignore_errors=True)
for name, case in CASES.items():
    write(name, *case)
