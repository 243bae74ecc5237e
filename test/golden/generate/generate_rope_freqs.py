"""Writes test/golden/gguf/rope-freqs.json: logits of the tiny Llama of gguf/models with other factors of its rotary frequencies.

    python3 test/golden/generate/generate_rope_freqs.py

torch 2.15, transformers 5.24, float64. As in llama.cpp, `rope_freqs.weight` divides the frequencies, and a linear factor divides them too.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

GOLDEN = Path(__file__).parent.parent / "gguf"
IDS = [3, 1, 19, 0, 7, 12, 5, 5, 18, 2, 9, 4, 11, 16]
CASES = [
    {"factors": [1.0, 2.5, 0.5, 7.0], "linear": None},
    {"factors": [3.0, 3.0, 3.0, 3.0], "linear": None},
    {"factors": [1.0, 2.5, 0.5, 7.0], "linear": 4.0},
]


def logits(case):
    json_config = json.loads((GOLDEN / "models/llama.json").read_text())
    theta = json_config["rope_parameters"]["rope_theta"]
    json_config["rope_parameters"] = {"rope_type": "default", "rope_theta": theta}
    config = transformers.LlamaConfig(**json_config)
    config._attn_implementation = "eager"
    model = transformers.LlamaForCausalLM(config).eval()
    tensors = {key: value.float() for key, value in load_file(GOLDEN / "models/llama.safetensors").items()}
    model.load_state_dict(tensors, strict=False)
    model.tie_weights()
    model.double()
    rotary = model.model.rotary_emb
    plain = theta ** -(torch.arange(0, config.head_dim, 2).double() / config.head_dim)
    rotary.inv_freq = plain / torch.tensor(case["factors"]).double() / (case["linear"] or 1.0)
    with torch.no_grad():
        return model(torch.tensor([IDS])).logits[0].flatten().tolist()


cases = [{**case, "logits": logits(case)} for case in CASES]
text = json.dumps({"ids": IDS, "cases": cases})
(GOLDEN / "rope-freqs.json").write_text(text + "\n")
print(len(text), [case["logits"][-1] for case in cases])
