"""Runs the Python of docs/from-peft.md and README.md.

    python3 scripts/peft/check_from_peft.py

Every block and every cell of the tables' left side is executed on a tiny BERT of its own, with "…" filled in; what JavaScript
stands beside it is run by test/docs/from-peft.node.test.ts. Prints a line for each, and exits with 1 where one fails. Needs torch,
transformers, peft.
"""

import re
import sys
import tempfile
import traceback
from pathlib import Path

import peft
import peft.utils.hotswap
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from peft.optimizers import create_loraplus_optimizer

ROOT = Path(__file__).resolve().parents[2]


def tiny() -> transformers.BertModel:
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, vocab_size=64)
    return transformers.BertModel(transformers.BertConfig(**sizes))


def adapted(*names: str) -> PeftModel:
    """A tiny model with adapters; what a cell that begins with `model.` means."""
    model = get_peft_model(tiny(), LoraConfig(target_modules=["query"], init_lora_weights=False), adapter_name=names[0])
    for name in names[1:]:
        model.add_adapter(name, LoraConfig(target_modules=["query"], init_lora_weights=False))
    return model


def space(folder: str) -> dict[str, object]:
    """Names that the page takes for granted."""
    saved = f"{folder}/saved"
    adapted("default").save_pretrained(saved)
    known = dict(LoraConfig=LoraConfig, PeftModel=PeftModel, get_peft_model=get_peft_model, torch=torch)
    return known | dict(create_loraplus_optimizer=create_loraplus_optimizer, folder=saved, model=tiny())


def completed(code: str, folder: str) -> str:
    """The code with what the page leaves out."""
    code = re.sub(r"^…  # training$", "pass", code, flags=re.M)
    code = code.replace('"start"', f'"{folder}/start"').replace('"adapter"', f'"{folder}/adapter"')
    code = code.replace("model(…)", "model(torch.tensor([[1, 2, 3]]))")
    code = code.replace("LoraConfig(…)", 'LoraConfig(target_modules=["query"])')
    plus = "create_loraplus_optimizer(model, torch.optim.AdamW, lr=1e-3, loraplus_lr_ratio=16)"
    code = code.replace("create_loraplus_optimizer(…)", plus)
    code = code.replace("add_weighted_adapter(…)", 'add_weighted_adapter(["mine", "other"], [0.7, 0.3], "both", "linear")')
    code = code.replace("hotswap_adapter(…)", 'peft.utils.hotswap.hotswap_adapter(model, folder, "mine")')
    if code.endswith(":"):
        code += " model(torch.tensor([[1, 2, 3]]))"
    return code


def pieces() -> list[str]:
    page = (ROOT / "docs/from-peft.md").read_text()
    found = re.findall(r"```py\n(.*?)```", page, flags=re.S)
    for text in ((ROOT / "README.md").read_text(), page):
        table = text.split("| in Python | here |\n|---|---|\n")[1].split("\n\n")[0]
        for row in table.splitlines():
            found += re.findall(r"`([^`]+)`", row.split("|")[1])
    return found


def run(code: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = space(folder) | {"peft": peft}
        # A block that makes no adapter, and a method, are of a model that has some.
        if "get_peft_model" not in code and "from_pretrained" not in code and not code.startswith("LoraConfig"):
            names["model"] = adapted("default", "mine", "other")
            names["model"].set_adapter("mine")
        if re.match(r"^[a-z_]+_adapter\(", code) and "hotswap" not in code:
            code = f"model.{code}"
        if code == "model.unmerge_adapter()":
            names["model"].merge_adapter()
        exec(completed(code.strip(), folder), names)


failed = 0
for code in pieces():
    first = code.strip().splitlines()[0]
    try:
        run(code)
        print(f"runs    {first}")
    except Exception:
        failed += 1
        print(f"FAILED  {first}\n{traceback.format_exc()}")
print(f"{failed} failed, with peft {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
sys.exit(1 if failed else 0)
