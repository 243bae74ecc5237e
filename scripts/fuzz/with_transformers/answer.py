"""transformers' and PEFT's side of scripts/fuzz/decoders.mjs, which asks in JSON lines for a random language model by its seed."""

import json
import os
import random
import sys
import traceback
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from safetensors.torch import save_file

from decoders import FAMILIES

sys.path.append(str(Path(__file__).resolve().parents[3] / "test/golden/generate"))
from generate_decoder import logits_of, randomise, train

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
NEW = 10


def old_spelling(json_config, r):
    """config.json as transformers 4 wrote it."""
    rope = json_config.pop("rope_parameters", None)
    if rope is None:
        return
    if "full_attention" in rope:
        full, near = rope["full_attention"], rope["sliding_attention"]
        json_config["rope_local_base_freq"] = near["rope_theta"]
        rope = full
    rope = dict(rope)
    theta = rope.pop("rope_theta")
    share = rope.pop("partial_rotary_factor", None)
    if json_config["model_type"] == "gpt_neox":
        json_config |= dict(rotary_emb_base=theta, rotary_pct=share)
    else:
        json_config |= dict(rope_theta=theta, **({} if share is None else dict(partial_rotary_factor=share)))
    kind = rope.pop("rope_type")
    # transformers 5 ignores a kind that is called "type" where there are rotations of two kinds of layers.
    key = "rope_type" if json_config["model_type"] == "gemma3_text" else r.choice(["type", "rope_type"])
    json_config["rope_scaling"] = None if kind == "default" else {key: kind, **rope}
    json_config["torch_dtype"] = json_config.pop("dtype", "float32")


def make(seed, folder):
    r = random.Random(seed)
    family = r.choice(list(FAMILIES))
    config = FAMILIES[family](r)
    dtype = r.choice([torch.float32, torch.float32, torch.bfloat16, torch.float16])
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    randomise(model)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype).to(torch.float32)
    shards, old = r.random() < 0.4, r.random() < 0.5
    transformers.AutoModelForCausalLM.from_config(config, dtype=dtype).save_pretrained(
        folder, state_dict={key: value.to(dtype) for key, value in model.state_dict().items()},
        max_shard_size=12_000 if shards else "1GB",
    )  # fmt: skip
    path = folder / "config.json"
    written = json.loads(path.read_text())
    if old:
        old_spelling(written, r)
        path.write_text(json.dumps(written))
        again = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        model = again
    vocabulary = config.vocab_size
    length = min(config.max_position_embeddings, 48) - NEW
    prompts = [[r.randrange(3, vocabulary) for _ in range(n)] for n in (1, 5, length)]

    answer = dict(family=family, dtype=str(dtype), shards=shards, old=old, config=written, prompts=prompts, greedy=[])
    tensors = {f"base/{i}": logits_of(model, ids).clone() for i, ids in enumerate(prompts)}
    for ids in prompts:
        row, margins = list(ids), []
        for _ in range(NEW):
            best = logits_of(model, row)[-1].topk(2)
            margins.append((best.values[0] - best.values[1]).item())
            row.append(best.indices[0].item())
        answer["greedy"].append(dict(ids=row[len(ids):], margins=margins))
    doubled = model.to(torch.float64)
    answer["float32"] = max((logits_of(doubled, ids).float() - tensors[f"base/{i}"]).abs().max().item() for i, ids in enumerate(prompts))
    model = model.to(torch.float32)
    lora = peft.LoraConfig(r=3, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM", fan_in_fan_out=family == "gpt2")
    adapted = peft.get_peft_model(model, lora)
    adapted.save_pretrained(folder / "adapter")
    batch = [[r.randrange(3, vocabulary) for _ in range(n)] for n in (4, 20, 9)]
    firsts = [1, 7, 3]
    adapted.train()
    losses = train(adapted, list(zip(batch, firsts)))
    adapted.eval()
    tensors |= {f"adapted/{i}": logits_of(adapted, ids).clone() for i, ids in enumerate(prompts)}
    save_file(tensors, str(folder / "expected.safetensors"))
    return answer | dict(batch=batch, firsts=firsts, losses=losses)


def main():
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = make(question["seed"], Path(question["folder"]))
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-1500:]}
        print(json.dumps(answer), file=output, flush=True)


if __name__ == "__main__":
    main()
