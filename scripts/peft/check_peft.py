"""Loads an adapter that `lowrank finetune` wrote with Python's PEFT, and compares its logits with lowrank's.

    python3 scripts/peft/check_peft.py RUN_FOLDER [--model FOLDER] [--data FILE] [--rows N]

RUN_FOLDER  what `finetune` wrote: adapter, head.safetensors, labels.json, report.json
--model     the base model's folder; default all-MiniLM-L6-v2 in lowrank's cache
--data      tab-separated texts, label in the first column and text in the last; default the movie test file
--rows      how many of them; default all

The encoder is transformers' own with eager attention in float32; PEFT applies the adapter; the sentence vector is the mean
of the last layer over real tokens, and logits = vector·Wᵀ + b. lowrank's side is `lowrank predict --json` on the same texts,
one process, on the built package in dist. It prints probabilities as float64, whose logarithms are the logits less
their log-sum-exp, so log-probabilities are compared; the difference of two of them is the difference of two logits.

Exits with 1 where two differ by more than 1e-4 or a prediction differs. Needs torch, transformers, peft, safetensors and node.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
BATCH = 50


def cached_model() -> Path:
    """Where lowrank keeps models."""
    cache = os.environ.get("LOWRANK_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(cache) if cache else Path(home) / "lowrank") / "all-MiniLM-L6-v2"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare lowrank's logits with PEFT's.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--model", type=Path, default=cached_model())
    parser.add_argument("--data", type=Path, default=ROOT / "examples/movie/movie_test.tsv")
    parser.add_argument("--rows", type=int)
    return parser.parse_args()


def read_rows(path: Path, rows: int | None) -> tuple[list[str], list[str]]:
    """Labels as they stand in the file, and texts."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()][:rows]
    return [line[0] for line in lines], [line[-1] for line in lines]


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf8"))


@torch.no_grad()
def peft_logits(run: Path, model: Path, texts: list[str]) -> torch.Tensor:
    """Logits `[texts, classes]`."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    base = AutoModel.from_pretrained(model, dtype=torch.float32, attn_implementation="eager")
    encoder = PeftModel.from_pretrained(base, run).eval()
    head = load_file(run / "head.safetensors")
    limit = base.config.max_position_embeddings
    logits = []
    for start in range(0, len(texts), BATCH):
        batch = tokenizer(texts[start : start + BATCH], padding="longest", truncation=True, max_length=limit, return_tensors="pt")
        hidden = encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).float()
        vectors = (hidden * mask).sum(1) / mask.sum(1)
        logits.append(vectors @ head["weight"].T + head["bias"])
    return torch.cat(logits)


def our_log_probabilities(run: Path, model: Path, texts: list[str], labels: list[str]) -> torch.Tensor:
    """Log-probabilities `[texts, classes]` in float64, from the command line."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "texts.jsonl"
        lines.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf8")
        command = ["node", ROOT / "dist/cli.js", "predict", "--run", run, "--model", model, "--file", lines, "--text", "text", "--json"]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf8").stdout
    predictions = [json.loads(line) for line in output.splitlines()]
    assert [prediction["text"] for prediction in predictions] == texts
    rows = [[prediction["probabilities"][label] for label in labels] for prediction in predictions]
    return torch.tensor(rows, dtype=torch.float64).log()


def main() -> int:
    options = parse()
    raw_labels, texts = read_rows(options.data, options.rows)
    labels = read_json(options.run / "labels.json")["labels"]
    names = read_json(options.run / "report.json")["settings"]["labelNames"]
    theirs = peft_logits(options.run, options.model, texts).double()
    theirs_log = theirs - theirs.logsumexp(-1, keepdim=True)
    ours_log = our_log_probabilities(options.run, options.model, texts, labels)

    worst_log = (ours_log - theirs_log).abs().max().item()
    # For every pair of classes: what an offset common to all logits of a text leaves.
    ours_pairs = ours_log.unsqueeze(-1) - ours_log.unsqueeze(-2)
    theirs_pairs = theirs.unsqueeze(-1) - theirs.unsqueeze(-2)
    worst_pair = (ours_pairs - theirs_pairs).abs().max().item()
    right = torch.tensor([labels.index(names.get(raw, raw)) for raw in raw_labels])
    accuracy = [100 * (logits.argmax(-1) == right).double().mean().item() for logits in (theirs, ours_log)]
    differing = int((theirs.argmax(-1) != ours_log.argmax(-1)).sum())

    print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
    print(f"{len(texts)} texts of {options.data.name}, adapter and head of one run of lowrank finetune")
    print(f"largest logit of PEFT             {theirs.abs().max().item():.4f}")
    print(f"largest difference: logit pairs   {worst_pair:.2e}")
    print(f"largest difference: log-probs     {worst_log:.2e}")
    print(f"accuracy                          PEFT {accuracy[0]:.1f} %, lowrank {accuracy[1]:.1f} %")
    print(f"predictions that differ           {differing}")
    good = max(worst_pair, worst_log) <= TOLERANCE and differing == 0
    print("agree" if good else f"DO NOT AGREE within {TOLERANCE:g}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
