"""PEFT → ours → PEFT and ours → PEFT → ours with each option of LoraConfig, in Python.

    npm run build && python3 scripts/peft/check_peft_options.py > docs/peft-options-check.txt

Needs torch, transformers and peft. For each adapter of test/golden/lora-options, Node (scripts/peft/check-peft-options.mjs) loads it on its
encoder and saves it again, and PEFT gives the same vectors with both files. Then Node trains a new adapter with the same options for three
steps and saves it: PEFT loads it without a missing or unexpected key, gives our vectors and saves it; Node loads that and saves it once more,
to the byte. PiSSA's and OLoRA's come back as ordinary adapters of twice the rank. GPT-2's adapters (Conv1D), whose model is not here, are read
and written as files; those "of ours" are PEFT's with another B. Last come merges at extreme shapes (check_peft_merges.py).
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from check_peft_merges import merges
from safetensors.torch import load_file

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "test/golden/lora-options"
ENCODERS = ROOT / "test/golden/encoders"
ADAPTERS = ROOT / "test/golden/adapters"
SAME, TRAINED = 1e-5, 1e-4


def answers(base, folder, again=None):
    """What PEFT makes of an adapter, and the keys that its file lacks or has too many of; saved again where asked for."""
    decoder = base == "gpt2"
    auto = transformers.AutoModelForCausalLM if decoder else transformers.AutoModel
    model = auto.from_pretrained(ADAPTERS / "base/tiny_gpt2" if decoder else ENCODERS / base, dtype=torch.float32)
    model = peft.PeftModel.from_pretrained(model, folder)
    result = model.load_adapter(folder, "default")
    model.eval()
    ids = [[5, 9, 2, 40, 7]] if decoder else json.loads((ENCODERS / base / "ids.json").read_text())["texts"][:8]
    with torch.no_grad():
        outs = [model(input_ids=torch.tensor([row])) for row in ids]
    found = torch.cat([out.logits[0] if decoder else out.last_hidden_state.mean(1) for out in outs])
    wrong = list(result.missing_keys) + list(result.unexpected_keys)
    if again is not None:
        model.save_pretrained(again)
        wrong += sorted(set(load_file(folder / "adapter_model.safetensors")) ^ set(load_file(again / "adapter_model.safetensors")))
    return found, [key for key in wrong if ".original_module." not in key and ".modules_to_save." not in key]


def off(a, b):
    """Largest difference, of b's largest number."""
    return ((a - b).abs().max() / b.abs().max()).item()


def same_bytes(a, b):
    (first, second) = (load_file(folder / "adapter_model.safetensors") for folder in (a, b))
    return all(key in second and torch.equal(value.view(torch.uint8), second[key].view(torch.uint8)) for key, value in first.items())


def node(out, *more):
    script = ROOT / "scripts/peft/check-peft-options.mjs"
    subprocess.run(["node", script, CASES, ENCODERS, ADAPTERS / "valid", out, *more], check=True, cwd=ROOT, stdout=sys.stderr)


def main():
    failed = 0
    print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
    print(f"{'option':30} {'PEFT, ours, PEFT':>17} {'ours in PEFT':>13}  keys  ours, PEFT, ours")
    bases = json.loads((CASES / "cases.json").read_text())
    bases |= {path.name: "gpt2" for path in sorted((ADAPTERS / "valid").glob("gpt2*"))}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        node(out)
        lines = {}
        for name, base in bases.items():
            given = ADAPTERS / "valid" / name if base == "gpt2" else CASES / name
            there = off(answers(base, out / name)[0], answers(base, given)[0])
            own = out / "own" / name
            found, wrong = answers(base, own, out / "own" / f"{name}-again")
            ours = found if base == "gpt2" else torch.tensor(json.loads((own / "vectors.json").read_text()))
            lines[name] = there, off(found, ours), wrong
        node(out, "again")
        for name, (there, here, wrong) in lines.items():
            back = same_bytes(out / "own" / name, out / "own" / f"{name}-back")
            good = there <= SAME and here <= TRAINED and not wrong and back
            failed += not good
            shown = "-" if bases[name] == "gpt2" else f"{here:.1e}"
            print(f"{name:30} {there:17.1e} {shown:>13}  {'same' if not wrong else wrong}  {'same bytes' if back else 'OTHER BYTES'}", end="")
            print("" if good else "  FAILED", flush=True)
    print(f"{failed} of {len(bases)} failed")
    failed += merges()
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
