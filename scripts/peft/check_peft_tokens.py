"""Loads what `TokenClassifier` wrote for a tiny checkpoint of each family with PEFT, and compares logits.

    python3 scripts/peft/check_peft_tokens.py

The adapters are made by scripts/peft/check-peft-tokens.mjs from test/golden/tokens, on the built package in dist. The base is transformers'
AutoModelForTokenClassification in float32 with eager attention. Exits with 1 where two logits differ by more than 1e-5 of the
largest. Needs torch, transformers, peft and node.
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
TOLERANCE = 1e-5


@torch.no_grad()
def furthest(family: str, written: Path) -> float:
    """Largest difference of two logits, as a part of the largest logit."""
    base = transformers.AutoModelForTokenClassification.from_pretrained(
        ROOT / "test/golden/tokens" / family, dtype=torch.float32, attn_implementation="eager"
    )
    model = peft.PeftModel.from_pretrained(base, written)
    assert type(model) is peft.PeftModelForTokenClassification
    model.eval()
    ours = json.loads((written / "logits.json").read_text())
    worst = 0.0
    for ids, logits in zip(ours["ids"], ours["logits"]):
        theirs = model(input_ids=torch.tensor([ids])).logits[0]
        own = torch.tensor(logits).reshape(theirs.shape)
        worst = max(worst, ((theirs - own).abs().max() / own.abs().max()).item())
    return worst


def main() -> int:
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", ROOT / "scripts/peft/check-peft-tokens.mjs", folder], check=True)
        print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
        for written in sorted(Path(folder).iterdir()):
            difference = furthest(written.name, written)
            worst = max(worst, difference)
            print(f"{written.name:12} largest difference of two logits {difference:.1e} of the largest")
    print("agree" if worst <= TOLERANCE else f"DO NOT AGREE within {TOLERANCE:g}")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
