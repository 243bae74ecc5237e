"""`lowrank merge` beside PEFT's merge_and_unload where shapes are extreme: ranks above 32 and above the weight's own, matrices of one to
three rows or columns; of linear layers, Conv1D and embeddings, with DoRA and without. PEFT merges the same float32 values in float64.
Then masked language models with bias "all", whose output's bias has two names and is one parameter: merged by file and loaded by
transformers, they give PEFT's logits, also where the output itself is adapted.

    npm run build && python3 scripts/peft/check_peft_merges.py

`check_peft_options.py` ends with it too.
"""

import itertools
import json
import subprocess
import tempfile
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.pytorch_utils import Conv1D

ROOT = Path(__file__).resolve().parents[2]
SHAPES = [(1, 1), (1, 7), (2, 5), (3, 129), (3, 3), (7, 1), (129, 2), (257, 3), (64, 48)]
RANKS = [1, 33, 40, 130]
LAYERS = {
    "linear": ("lin", lambda rows, columns: torch.nn.Linear(columns, rows, bias=False)),
    "Conv1D": ("c_attn", lambda rows, columns: Conv1D(columns, rows)),
    "embedding": ("wte", torch.nn.Embedding),
}
SAME, SAME_LOGITS = 2e-6, 1e-5
SMALL = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
MASKED = {
    "bert": transformers.BertForMaskedLM,
    "roberta": transformers.RobertaForMaskedLM,
    "xlm-roberta": transformers.XLMRobertaForMaskedLM,
    "camembert": transformers.CamembertForMaskedLM,
    "deberta-v2": transformers.DebertaV2ForMaskedLM,
}


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


def masked(folder, kind, targets):
    """Largest difference of the logits after both merges, and the largest change, each of the largest logit."""
    torch.manual_seed(0)
    Model = MASKED[kind]
    model = Model(Model.config_class(**SMALL, max_position_embeddings=40, pad_token_id=1)).eval()
    for key, value in model.named_parameters():
        if key.endswith("bias"):
            value.data = 0.2 * torch.randn_like(value)
    model.save_pretrained(folder / "base")
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=4, lora_alpha=12, target_modules=targets, bias="all")).eval()
    for key, value in adapted.named_parameters():
        if value.requires_grad:
            value.data = value.data + 0.3 * torch.randn_like(value)
    adapted.save_pretrained(folder / "adapter", save_embedding_layers=False)
    command = ["node", ROOT / "dist/cli.js", "merge", folder / "adapter", "--base", folder / "base", "--out", folder / "out"]
    subprocess.run(command, check=True, capture_output=True)
    ids = torch.arange(2, 26).reshape(2, 12)
    with torch.no_grad():
        before = Model.from_pretrained(folder / "base")(input_ids=ids).logits
        # Before PEFT merges: of a tied output it changes the embeddings too.
        expected = adapted(input_ids=ids).logits
        if not set(targets) & {"decoder"}:
            expected = adapted.merge_and_unload()(input_ids=ids).logits
        found = Model.from_pretrained(folder / "out")(input_ids=ids).logits
    largest = expected.abs().max()
    return ((found - expected).abs().max() / largest).item(), ((before - expected).abs().max() / largest).item()


def masked_models():
    """Prints a line for each and gives how many failed."""
    failed = 0
    print(f"\n{'masked language model, bias all':36} {'off by':>9}")
    for kind, targets in itertools.product(MASKED, [["QUERY", "VALUE"], ["QUERY", "decoder"]]):
        named = {"QUERY": "query_proj", "VALUE": "value_proj"} if kind == "deberta-v2" else {"QUERY": "query", "VALUE": "value"}
        targets = [named.get(target, target) for target in targets]
        with tempfile.TemporaryDirectory() as folder:
            off, moved = masked(Path(folder), kind, targets)
        good = off <= SAME_LOGITS and moved > 0.01
        failed += not good
        print(f"{kind + ': ' + ', '.join(targets):36} {off:9.1e}{'' if good else '  FAILED'}", flush=True)
    print(f"{failed} of {2 * len(MASKED)} failed")
    return failed


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
    return failed + masked_models()


if __name__ == "__main__":
    raise SystemExit(merges() > 0)
