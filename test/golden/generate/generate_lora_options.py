"""Writes test/golden/lora-options: adapters with each option of PEFT's LoraConfig on golden encoders, and what PEFT makes of them.

    python3 test/golden/generate/generate_lora_options.py

torch 2.15, transformers 5.24, peft 0.21. A folder has PEFT's files; `expected.safetensors` holds mean-pooled vectors of the first
eight texts `[8, hidden]`, merged and unmerged, and the gradients of their mean square by the file's names, in float64 rounded.
"""

import json
import re
import shutil
import warnings
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")
GOLDEN = Path(__file__).parent.parent
OUT = GOLDEN / "lora-options"
QV = ["query", "value"]

CASES = {
    "bias_lora_only": ("bert", dict(target_modules=QV, bias="lora_only")),
    "bias_all": ("bert", dict(target_modules=QV, bias="all")),
    "bias_all_dora": ("bert", dict(target_modules=QV, bias="all", use_dora=True)),
    "bias_all_deberta": ("deberta-v3", dict(target_modules=["query_proj", "dense"], bias="all")),
    "bias_all_modernbert": ("modernbert", dict(target_modules=["Wqkv"], bias="all")),
    "bias_all_distilbert": ("distilbert", dict(target_modules=["q_lin"], bias="all")),
    "lora_bias": ("bert", dict(target_modules=QV + ["output.dense"], lora_bias=True)),
    "whole_modules": ("bert", dict(target_modules=QV, modules_to_save=["LayerNorm", "key", "layer.1.output.dense"])),
    "whole_tables": (
        "bert",
        dict(target_modules=QV, modules_to_save=["word_embeddings", "position_embeddings", "token_type_embeddings"]),
    ),
    "whole_norms_deberta": ("deberta-v3", dict(target_modules=["query_proj"], modules_to_save=["LayerNorm"])),
    "embeddings": ("bert", dict(target_modules=["word_embeddings", "position_embeddings", "token_type_embeddings", "query"])),
    "embeddings_dora": ("bert", dict(target_modules=["word_embeddings", "query"], use_dora=True)),
    "tokens": ("bert", dict(target_modules=QV, trainable_token_indices=[5, 1, 17])),
    "tokens_by_name": (
        "bert",
        dict(target_modules=QV, trainable_token_indices={"word_embeddings": [2, 9], "position_embeddings": [0, 3]}),
    ),
    "pattern": ("bert", dict(target_modules=r".*layer\.[01]\.(attention\.self\.query|output\.dense)", exclude_modules=r".*layer\.0.*query")),
    "layers": ("bert", dict(target_modules=QV, layers_to_transform=[1], layers_pattern="layer")),
    "patterns_rslora": (
        "bert",
        dict(target_modules=QV, use_rslora=True, rank_pattern={"layer.0.attention.self.query": 3}, alpha_pattern={"value": 5}),
    ),
    "all_linear": ("bert", dict(target_modules="all-linear", exclude_modules=["key"])),
    "wrong_fan_in_fan_out": ("bert", dict(target_modules=QV, fan_in_fan_out=True)),
    "gaussian": ("bert", dict(target_modules=QV, init_lora_weights="gaussian")),
    "orthogonal": ("bert", dict(target_modules=QV, init_lora_weights="orthogonal")),
    "random": ("bert", dict(target_modules=QV, init_lora_weights=False)),
    "pissa": ("bert", dict(target_modules=QV, init_lora_weights="pissa")),
    "pissa_rslora": ("bert", dict(target_modules=QV + ["intermediate.dense"], init_lora_weights="pissa", use_rslora=True)),
    "olora": ("bert", dict(target_modules=QV, init_lora_weights="olora")),
}


def file_name(name):
    """A parameter's name in the file."""
    return re.sub(r"\.default(?=\.|$)", "", name).replace(".modules_to_save.", ".")


def pooled(model, ids):
    # One by one: ModernBERT's padding has no key in its window, and so no numbers.
    return torch.cat([model(input_ids=torch.tensor([row])).last_hidden_state.mean(1) for row in ids])


def write(name, base, fields):
    torch.manual_seed(len(name))
    folder = OUT / name
    ids = json.loads((GOLDEN / "encoders" / base / "ids.json").read_text())
    ids = ids["texts"][:8]
    config = transformers.AutoConfig.from_pretrained(GOLDEN / "encoders" / base)
    config._attn_implementation = "eager"
    inner = transformers.AutoModel.from_pretrained(GOLDEN / "encoders" / base, config=config, dtype=torch.float32)
    model = peft.get_peft_model(inner, peft.LoraConfig(r=4, lora_alpha=6, **fields)).eval()
    taking = fields.get("init_lora_weights") in ("pissa", "olora")
    with torch.no_grad():
        for key, value in model.named_parameters():
            if not value.requires_grad:
                continue
            if taking:
                value.add_(torch.randn_like(value) * 0.02)
            elif "lora_A" in key or "lora_embedding" in key or "lora_B" in key:
                value.copy_(torch.randn_like(value) * 0.3)
            else:
                value.add_(torch.randn_like(value) * 0.1)
    model.save_pretrained(folder)
    for extra in folder.glob("README.md"):
        extra.unlink()
    path = folder / "adapter_config.json"
    text = json.loads(path.read_text())
    text["base_model_name_or_path"] = base
    if isinstance(text["target_modules"], list):
        text["target_modules"].sort()
    if fields.get("fan_in_fan_out"):
        # PEFT corrects it when it makes the adapter; older versions saved it as it was given.
        text["fan_in_fan_out"] = True
    path.write_text(json.dumps(text, indent=2, sort_keys=True))
    saved = load_file(folder / "adapter_model.safetensors")
    model = model.double()
    vectors = pooled(model, ids)
    (vectors**2).mean().backward()
    out = {"pooled": vectors.detach()}
    for key, value in model.named_parameters():
        if value.requires_grad and value.grad is not None and file_name(key) in saved:
            out[f"grad/{file_name(key)}"] = value.grad
    with model.disable_adapter():
        out["disabled"] = pooled(model, ids).detach()
    out["merged"] = pooled(model.merge_and_unload(), ids).detach()
    save_file({key: value.float().contiguous() for key, value in out.items()}, folder / "expected.safetensors")
    (folder / "case.json").write_text(json.dumps({"base": base}))


shutil.rmtree(OUT, ignore_errors=True)
for name, (base, fields) in CASES.items():
    write(name, base, fields)
(OUT / "cases.json").write_text(json.dumps({name: base for name, (base, _) in CASES.items()}, indent=1))
for case in OUT.glob("*/case.json"):
    case.unlink()
