"""Opens the folders that `encoder.save()` and `reranker.save()` wrote in sentence-transformers, and compares vectors and scores.

    python3 scripts/peft/check_sentence_folders.py [FOLDER]

FOLDER  cases.json, a list of { name, as?, texts, vectors } or { name, pairs, labels, scores }, and a folder for each name;
        default: made by scripts/peft/write-sentence-folders.mjs on the built package in dist

A folder with an adapter is opened by sentence-transformers itself, in the working directory that its base's path is relative to; one with
several labels with `num_labels`, which such a folder cannot say. Exits with 1 where two numbers differ by more than 1e-5. Needs torch,
transformers, peft, sentence-transformers and node.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import peft
import sentence_transformers
import torch
import transformers
from sentence_transformers import CrossEncoder, SentenceTransformer

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5


def given(folder: Path, case: dict) -> torch.Tensor:
    """What sentence-transformers gives for the texts or pairs of a case."""
    if "texts" in case:
        model = SentenceTransformer(str(folder), device="cpu")
        encode = {"query": model.encode_query, "document": model.encode_document}.get(case.get("as"), model.encode)
        return encode(case["texts"], convert_to_tensor=True)
    adapted = (folder / "adapter_config.json").exists()
    options = {"num_labels": case["labels"]} if adapted and case["labels"] > 1 else {}
    model = CrossEncoder(str(folder), device="cpu", **options)
    return model.predict([tuple(pair) for pair in case["pairs"]], convert_to_tensor=True)


def check(folder: Path) -> bool:
    agree = True
    for case in json.loads((folder / "cases.json").read_text("utf-8")):
        try:
            found = given(folder / case["name"], case).double()
            ours = torch.tensor(case.get("vectors", case.get("scores")), dtype=torch.float64)
            difference = float((found - ours).abs().max()) if found.shape == ours.shape else float("inf")
            print(f"{case['name']:32} largest difference {difference:.2e}")
            agree = agree and difference <= TOLERANCE
        except Exception as error:  # noqa: BLE001 - the other folders are still of interest
            print(f"{case['name']:32} {type(error).__name__}: {str(error)[:300]}")
            agree = False
    return agree


def main() -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    versions = (torch, transformers, peft, sentence_transformers)
    print(", ".join(f"{module.__name__} {module.__version__}" for module in versions))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made)
        if len(sys.argv) == 1:
            script = ROOT / "scripts/peft/write-sentence-folders.mjs"
            subprocess.run(["node", str(script), str(folder)], check=True)
        agree = check(folder)
    print("agree" if agree else "differ")
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
