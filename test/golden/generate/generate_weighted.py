"""Writes three adapters of random values on layer 0 of test/golden/encoders/bert, and the updates of the weighted sums that PEFT makes
of them, into test/golden/weighted.

    python3 test/golden/generate/generate_weighted.py

torch 2.15, transformers 5.24, peft 0.21.
"""

import json
import shutil
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import save_file

GOLDEN = Path(__file__).parent.parent
FOLDER = GOLDEN / "weighted"
# Layers of one adapter alone, another scaling, another rank.
ADAPTERS = {
    "one": dict(r=4, lora_alpha=8, target_modules=["query", "value"]),
    "two": dict(r=4, lora_alpha=3, use_rslora=True, target_modules=["query", "intermediate.dense"]),
    "three": dict(r=2, lora_alpha=5, target_modules=["query", "value"]),
}
PAIR = ["one", "two"]
CASES = [
    dict(adapters=PAIR, weights=[0.7, -0.4], combination_type="linear"),
    dict(adapters=["two"], weights=[-1.5], combination_type="linear"),
    dict(adapters=["one", "two", "three"], weights=[0.7, -0.4, 1.2], combination_type="cat"),
    dict(adapters=["one", "two", "three"], weights=[0.7, -0.4, 1.2], combination_type="svd"),
    dict(adapters=["one", "two", "three"], weights=[0.7, -0.4, 1.2], combination_type="svd", svd_rank=2),
    dict(adapters=["one", "three"], weights=[1.0, 1.0], combination_type="svd", svd_rank=12),
    dict(adapters=PAIR, weights=[0.7, -0.4], combination_type="ties", density=0.3),
    dict(adapters=PAIR, weights=[0.7, 0.4], combination_type="ties", density=0.5, majority_sign_method="frequency"),
    dict(adapters=["one", "two", "three"], weights=[1.0, 0.5, 2.0], combination_type="ties_svd", density=0.4),
    dict(adapters=PAIR, weights=[0.7, -0.4], combination_type="magnitude_prune", density=0.45),
    dict(adapters=["one", "three"], weights=[0.7, -0.4], combination_type="magnitude_prune_svd", density=0.45, svd_rank=3),
    dict(adapters=PAIR, weights=[0.7, -0.4], combination_type="dare_linear", density=1.0),
    dict(adapters=PAIR, weights=[0.7, -0.4], combination_type="dare_ties", density=1.0),
]


def main():
    torch.manual_seed(31)
    shutil.rmtree(FOLDER, ignore_errors=True)
    base = transformers.AutoModel.from_pretrained(GOLDEN / "encoders/bert").eval()
    model = None
    for name, options in ADAPTERS.items():
        config = peft.LoraConfig(**options, layers_to_transform=[0], layers_pattern="layer")
        if model is None:
            model = peft.get_peft_model(base, config, name)
        else:
            model.add_adapter(name, config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(FOLDER)
    for readme in FOLDER.rglob("README.md"):
        readme.unlink()
    for file in FOLDER.rglob("adapter_config.json"):
        config = {**json.loads(file.read_text()), "base_model_name_or_path": "bert"}
        file.write_text(json.dumps(config, indent=2) + "\n")
    updates = {}
    for number, case in enumerate(CASES):
        model.add_weighted_adapter(adapter_name=f"sum{number}", **case)
        scaling_is_one(model, f"sum{number}", case["adapters"][0])
        for path, module in model.base_model.model.named_modules():
            if isinstance(module, peft.tuners.lora.LoraLayer) and f"sum{number}" in module.lora_A:
                own = module.lora_B[f"sum{number}"].weight @ module.lora_A[f"sum{number}"].weight
                # PEFT's scaling of a sum is √r where the first adapter's was rank-stabilised; it means 1.
                updates[f"{number}.{path}"] = own.detach().clone().contiguous()
    save_file(updates, FOLDER / "updates.safetensors")
    (FOLDER / "cases.json").write_text(json.dumps(CASES, indent=1) + "\n")


def scaling_is_one(model, name, first):
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer) and name in module.scaling:
            assert ADAPTERS[first].get("use_rslora") or module.scaling[name] == 1


main()
