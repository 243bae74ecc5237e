"""A merged ONNX model of MODEL_FOLDER in transformers.js: python3 scripts/peft/check_transformers_js.py MODEL_FOLDER

Exports the encoder (all-MiniLM-L6-v2, say) with PyTorch, trains nothing but gives PEFT's adapter random values, and runs
test/consumers/transformers-js on both: `lowrank merge --onnx`, then transformers.js, whose vectors are to be lowrank's within 1e-5.
Needs torch, transformers, peft and onnx, and once `npm run test:consumers -- transformers-js`, which installs the rest.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel

base = Path(sys.argv[1]).resolve()
cache = os.environ.get("LOWRANK_CONSUMERS") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lowrank-consumers"
project = Path(cache) / "transformers-js"
names = ["input_ids", "attention_mask", "token_type_ids"]


class Plain(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.inner(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as folder:
    model = AutoModel.from_pretrained(base, add_pooling_layer=False, attn_implementation="eager").eval()
    ids = torch.tensor([[101, 1996, 20463, 102], [101, 2204, 102, 0]])
    axes = {name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]}
    torch.onnx.export(Plain(model), (ids, (ids > 0).long(), torch.zeros_like(ids)), f"{folder}/model.onnx", input_names=names,
                      output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=17, dynamo=False)  # fmt: skip
    adapted = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["query", "key", "value", "dense"]))
    for name, value in adapted.named_parameters():
        if "lora_" in name:
            value.data = 0.02 * torch.randn(value.shape)
    adapted.save_pretrained(f"{folder}/adapter")
    sys.exit(subprocess.run(["node", "main.js", str(base), f"{folder}/adapter", f"{folder}/model.onnx"], cwd=project).returncode)
