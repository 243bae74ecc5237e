"""`lowrank merge` beside PEFT's merge_and_unload where shapes are extreme: ranks above 32 and above the weight's own, matrices of one to
three rows or columns; of linear layers, Conv1D and embeddings, with DoRA and without. PEFT merges the same float32 values in float64.

    npm run build && python3 scripts/check_peft_merges.py

`check_peft_options.py` ends with it too.
"""

import itertools
import json
import subprocess
import tempfile
from pathlib import Path

import peft
import torch
from safetensors.torch import load_file, save_file
from transformers.pytorch_utils import Conv1D

ROOT = Path(__file__).resolve().parent.parent
SHAPES = [(1, 1), (1, 7), (2, 5), (3, 129), (3, 3), (7, 1), (129, 2), (257, 3), (64, 48)]
RANKS = [1, 33, 40, 130]
LAYERS = {
    "linear": ("lin", lambda rows, columns: torch.nn.Linear(columns, rows, bias=False)),
    "Conv1D": ("c_attn", lambda rows, columns: Conv1D(columns, rows)),
    "embedding": ("wte", torch.nn.Embedding),
}
SAME = 2e-6


class Layers(torch.nn.Module):
    def __init__(self, name, make):
        super().__init__()
        self.h = torch.nn.ModuleList(torch.nn.ModuleDict({name: make(*shape)}) for shape in SHAPES)


def worst(folder, kind, rank, dora):
    """The largest difference, of the tensor's largest number, and the largest change, likewise. Without DoRA a number counts as the sum
    of its terms' sizes, |W| + s·|B|·|A|, for of a few elements all may come to nearly nothing."""
    name, make = LAYERS[kind]
    torch.manual_seed(rank)
    model = Layers(name, make)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    (folder / "base").mkdir()
    save_file(before, folder / "base/model.safetensors")
    (folder / "base/config.json").write_text(json.dumps({"model_type": "gpt2" if kind == "Conv1D" else "llama"}))
    config = peft.LoraConfig(r=rank, lora_alpha=16, target_modules=[name], use_dora=dora, fan_in_fan_out=kind == "Conv1D")
    adapted = peft.get_peft_model(model, config)
    for key, value in adapted.named_parameters():
        if "lora_magnitude" in key:
            value.data = value.data * (1 + 0.3 * torch.rand_like(value))
        elif "lora_" in key:
            value.data = 0.3 * torch.randn_like(value)
    adapted.save_pretrained(folder / "adapter", save_embedding_layers=False)
    expected = adapted.double().merge_and_unload().state_dict()
    command = ["node", ROOT / "dist/cli.js", "merge", folder / "adapter", "--base", folder / "base", "--out", folder / "out"]
    subprocess.run(command, check=True, capture_output=True)
    found = load_file(folder / "out/model.safetensors")
    lora = {key.replace("embedding_", "").replace(".weight", ""): value.abs() for key, value in load_file(folder / "adapter/adapter_model.safetensors").items()}
    off = moved = 0.0
    for key, value in expected.items():
        # A bias of zeros stays.
        largest = value.abs().max().item() or 1.0
        module = "base_model.model." + key.removesuffix(".weight")
        if not dora and f"{module}.lora_A" in lora:
            terms = lora[f"{module}.lora_B"] @ lora[f"{module}.lora_A"]
            largest = before[key].abs().max().item() + 16 / rank * terms.max().item()
        off = max(off, (found[key].double() - value).abs().max().item() / largest)
        moved = max(moved, (before[key].double() - value).abs().max().item() / largest)
    return off, moved


def merges():
    """Prints a line for each and gives how many failed."""
    failed = 0
    print(f"\n{'merge, ours and PEFT':30} {'rank':>5} {'off by':>9}")
    for kind, dora, rank in itertools.product(LAYERS, [False, True], RANKS):
        with tempfile.TemporaryDirectory() as folder:
            off, moved = worst(Path(folder), kind, rank, dora)
        good = off <= SAME and moved > 0.01
        failed += not good
        print(f"{kind + (', DoRA' if dora else ''):30} {rank:5} {off:9.1e}{'' if good else '  FAILED'}", flush=True)
    print(f"{failed} of {len(LAYERS) * 2 * len(RANKS)} failed, each of {len(SHAPES)} shapes such as {SHAPES[3]} and {SHAPES[5]}")
    return failed


if __name__ == "__main__":
    raise SystemExit(merges() > 0)
