"""Has the Studio learn its example in Chromium, loads the zip that it gives to save with Python's PEFT, and compares what both say.

    python3 scripts/peft/check_peft_studio.py [--run FOLDER] [--model FOLDER]

--run    what `node scripts/studio/train-sample.mjs FOLDER` wrote; default it is run, into a folder of its own
--model  the base model's folder; default all-MiniLM-L6-v2 in lowrank's cache

PEFT's side is that of check_peft.py. The Studio's is the file of sentences that it labels: a label and its probability to four
places each, so that probabilities may differ by half a unit of the last place besides the 1e-4 that logits may differ by.

Exits with 1 where they differ by more or a label differs. Needs torch, transformers, peft, safetensors, node and Chromium.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from check_peft import ROOT, cached_model, peft, peft_logits, read_json, torch, transformers

# A probability changes by at most a quarter of what the difference of two logits does.
TOLERANCE = 0.5e-4 + 1e-4 / 4


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the Studio's answers with PEFT's.")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--model", type=Path, default=cached_model())
    return parser.parse_args()


def read_csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def check(run: Path, model: Path) -> int:
    texts = [row["text"] for row in read_csv(run / "texts.csv")]
    answers = read_csv(run / "answers.csv")
    assert [row["number"] for row in answers] == [str(i) for i in range(len(texts))]
    known = read_json(run / "labels.json")
    labels = known["labels"]
    logits = peft_logits(run, model, texts).double() / known.get("temperature", 1)
    probabilities, best = logits.softmax(-1).max(-1)
    ours = torch.tensor([float(row["probability"]) for row in answers], dtype=torch.float64)
    worst = (ours - probabilities).abs().max().item()
    differing = sum(row["label_predicted"] != labels[i] for row, i in zip(answers, best.tolist(), strict=True))

    print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
    print(f"{len(texts)} texts of movie_test.tsv, adapter and head of the zip that the Studio saved in Chromium")
    print(f"probabilities of PEFT             {probabilities.min().item():.4f} to {probabilities.max().item():.4f}")
    print(f"largest difference                {worst:.1e} (the Studio writes four places)")
    print(f"labels that differ                {differing}")
    good = worst <= TOLERANCE and differing == 0
    print("agree" if good else f"DO NOT AGREE within {TOLERANCE:g}")
    return 0 if good else 1


def main() -> int:
    options = parse()
    if options.run is not None:
        return check(options.run, options.model)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", ROOT / "scripts/studio/train-sample.mjs", folder], check=True, stdout=subprocess.DEVNULL)
        return check(Path(folder), options.model)


if __name__ == "__main__":
    sys.exit(main())
