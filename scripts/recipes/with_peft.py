"""The same runs as run.mjs with PyTorch, transformers and PEFT: the same texts in the same parts, the same head to start from.

    python3 scripts/recipes/with_peft.py MODEL_FOLDER RESULTS.jsonl OUT.jsonl [--names NAME …]

Does again every run of RESULTS.jsonl that has a recipe (or one of those names) and adds a line to OUT.jsonl, whose names begin
with "peft ". Initial values of the adapter, the order of examples and dropout come from PyTorch's generator. Runs that stand in
OUT.jsonl are left out. Needs torch, transformers and peft.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoTokenizer

ONE = Path(__file__).with_name("one.mjs")
SOFTNESS = [1, 0.1, 0.01, 0.001]  # as in one.mjs
KEY = ("dataset", "count", "seed", "maxTokens", "held", "tests")


def drawn(run, places):
    given = {**{key: run[key] for key in KEY}, **places, "recipe": run["recipe"], "dump": True}
    done = subprocess.run(["node", str(ONE), json.dumps(given)], check=True, capture_output=True)
    return json.loads(done.stdout)


class Classifier(torch.nn.Module):
    def __init__(self, folder, parts, recipe):
        super().__init__()
        base = AutoModel.from_pretrained(folder, attn_implementation="sdpa")
        base.config.hidden_dropout_prob = base.config.attention_probs_dropout_prob = 0.0
        for module in base.modules():
            # lowrank has no dropout but the adapter's.
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        targets = ["query", "key", "value"]
        config = LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], lora_dropout=recipe["dropout"], target_modules=targets)
        self.encoder = get_peft_model(base, config)
        self.head = torch.nn.Linear(base.config.hidden_size, len(parts["labels"]))
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)
        if recipe.get("head") != "random":
            theta = torch.tensor(parts["all" if recipe.get("all") else "theta"][SOFTNESS.index(recipe.get("soft", 1))])
            cut = self.head.weight.numel()
            with torch.no_grad():
                self.head.weight.copy_(theta[:cut].reshape(base.config.hidden_size, -1).T)
                self.head.bias.copy_(theta[cut:])

    def forward(self, batch):
        hidden = self.encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        return self.head((hidden * mask).sum(1) / mask.sum(1))


def scores(logits, targets):
    loss = torch.nn.functional.cross_entropy(logits, targets).item()
    said = logits.argmax(1)
    f1 = []
    for kind in targets.unique():
        right = ((said == kind) & (targets == kind)).sum().item()
        f1.append(2 * right / ((said == kind).sum().item() + (targets == kind).sum().item()))
    return [round(x, 4) for x in ((said == targets).float().mean().item(), sum(f1) / len(f1), loss)]


def train(run, parts, folder):
    recipe = parts["recipe"]
    torch.manual_seed(run["seed"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Classifier(folder, parts, recipe)
    # As in one.mjs: training and what is measured on the way, the model loaded before.
    started = time.perf_counter()

    def batch(texts):
        return tokenizer(texts, padding=True, truncation=True, max_length=run["maxTokens"], return_tensors="pt")

    @torch.no_grad()
    def measure(step, always=False, lowest=math.inf):
        model.eval()
        point = {"step": step, "test": None}
        for name in ("validation", "test"):
            # As in one.mjs: the test part only where the validation part would choose this step, and at the end.
            if name == "test" and not always and not point["validation"][2] < lowest:
                continue
            texts = parts[name]["texts"]
            logits = torch.cat([model(batch(texts[i : i + 32])) for i in range(0, len(texts), 32)])
            point[name] = scores(logits, torch.tensor(parts[name]["targets"]))
        return point

    names = ("train", "validation") if recipe.get("all") else ("train",)
    texts = [text for name in names for text in parts[name]["texts"]]
    targets = torch.tensor([target for name in names for target in parts[name]["targets"]])
    size = min(recipe["batchSize"], len(texts))
    steps = run["steps"]
    groups = [{"params": [p for p in model.encoder.parameters() if p.requires_grad], "lr": recipe["learningRate"]}]
    if recipe["headLearningRate"] > 0:
        groups.append({"params": list(model.head.parameters()), "lr": recipe["headLearningRate"]})
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe["weightDecay"])
    warmup = round(recipe["warmup"] * steps)

    def factor(step):
        return step / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    parameters = [p for group in groups for p in group["params"]]
    every = math.ceil(steps / (len(run["curve"]) - 1))
    curve, order, lowest = [measure(0, always=True)], [], math.inf
    for step in range(steps):
        if len(order) < size:
            order = torch.randperm(len(texts)).tolist()
        taken, order = order[:size], order[size:]
        model.train()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(batch([texts[i] for i in taken])), targets[taken]).backward()
        torch.nn.utils.clip_grad_norm_(parameters, recipe["clip"])
        optimizer.step()
        schedule.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            curve.append(measure(step + 1, step + 1 == steps, lowest))
            lowest = min(lowest, curve[-1]["validation"][2])
    return curve, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "results", "out"):
        parser.add_argument(name)
    parser.add_argument("--names", nargs="*")
    parser.add_argument("--threads", type=int, default=1)
    cache = Path(os.environ.get("LOWRANK_RECIPES", Path.home() / ".cache" / "lowrank-recipes"))
    parser.add_argument("--data", default=str(cache / "data"))
    parser.add_argument("--cache", default=str(cache / "heads"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    key = lambda run: tuple(run[name] for name in ("name", *KEY))  # noqa: E731
    lines = Path(options.out).read_text().splitlines() if Path(options.out).exists() else []
    done = {key(json.loads(line)) for line in lines}
    for line in Path(options.results).read_text().splitlines():
        run = json.loads(line)
        name = run["name"]
        run["name"] = f"peft {name}"
        if not run.get("curve") or key(run) in done or (options.names and name not in options.names):
            continue
        parts = drawn(run, {"data": options.data, "cache": options.cache})
        run["curve"], run["seconds"] = train(run, parts, options.model)
        run["peakMemory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with open(options.out, "a") as file:
            file.write(json.dumps(run) + "\n")
        print(f"{run['dataset']} {run['count']} {run['seed']} {name}: {run['curve'][-1]['test'][0]}", flush=True)


if __name__ == "__main__":
    main()
