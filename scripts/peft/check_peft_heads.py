"""Loads what `classifier.savePeft()` wrote for a tiny checkpoint of each family with PEFT, and compares logits.

    python3 scripts/peft/check_peft_heads.py [FOLDER]

FOLDER  a folder a family, each with adapter_config.json and adapter_model.safetensors, and logits.json: { ids, logits };
        default: made by scripts/peft/check-peft-heads.mjs from test/golden/heads, on the built package in dist

The base is transformers' AutoModelForSequenceClassification in float32 with eager attention. Exits with 1 where two logits differ by
more than 1e-4. Needs torch, transformers, peft and node.
"""

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

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4


@torch.no_grad()
def furthest(family: str, written: Path) -> float:
    """Largest difference of two logits."""
    base = transformers.AutoModelForSequenceClassification.from_pretrained(
        ROOT / "test/golden/heads" / family, dtype=torch.float32, attn_implementation="eager"
    )
    model = peft.PeftModel.from_pretrained(base, written).eval()
    ours = json.loads((written / "logits.json").read_text())
    theirs = [model(input_ids=torch.tensor([row])).logits[0] for row in ours["ids"]]
    return (torch.stack(theirs) - torch.tensor(ours["logits"])).abs().max().item()


def compare(folder: Path) -> int:
    worst = 0.0
    print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
    for written in sorted(folder.iterdir()):
        difference = furthest(written.name, written)
        worst = max(worst, difference)
        print(f"{written.name:12} largest difference of two logits {difference:.2e}")
    print("agree" if worst <= TOLERANCE else f"DO NOT AGREE within {TOLERANCE:g}")
    return 0 if worst <= TOLERANCE else 1


def main() -> int:
    if len(sys.argv) > 1:
        return compare(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", ROOT / "scripts/peft/check-peft-heads.mjs", folder], check=True)
        return compare(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
