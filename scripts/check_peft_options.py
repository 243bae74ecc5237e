"""PEFT → ours → PEFT for each adapter of test/golden/lora-options: the same vectors in Python.

    npm run build && python3 scripts/check_peft_options.py

Needs torch, transformers and peft. Node loads each adapter on its encoder and saves it again; PEFT loads both files, and their
vectors are compared. PiSSA's and OLoRA's come back as ordinary adapters of twice the rank.
"""

import json
import subprocess
import tempfile
import warnings
from pathlib import Path

import peft
import torch
import transformers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "test/golden/lora-options"
ENCODERS = ROOT / "test/golden/encoders"
TOLERANCE = 2e-5

NODE = """
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { SentenceEncoder } from "%s";
const [cases, encoders, out] = process.argv.slice(1);
for (const [name, base] of Object.entries(JSON.parse(readFileSync(`${cases}/cases.json`, "utf8")))) {
  using encoder = await SentenceEncoder.load(`${encoders}/${base}`);
  const files = ["adapter_config.json", "adapter_model.safetensors"];
  encoder.loadAdapter("one", Object.fromEntries(files.map((file) => [file, readFileSync(`${cases}/${name}/${file}`)])));
  mkdirSync(`${out}/${name}`);
  for (const [file, bytes] of Object.entries(encoder.saveAdapter("one"))) writeFileSync(`${out}/${name}/${file}`, bytes);
}
"""


def vectors(base, folder):
    model = transformers.AutoModel.from_pretrained(ENCODERS / base, dtype=torch.float32)
    model = peft.PeftModel.from_pretrained(model, folder).eval()
    ids = json.loads((ENCODERS / base / "ids.json").read_text())["texts"][:8]
    with torch.no_grad():
        return torch.cat([model(input_ids=torch.tensor([row])).last_hidden_state.mean(1) for row in ids])


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as out:
        code = NODE.replace("using encoder", "const encoder") % (ROOT / "dist/node.js").as_uri()
        command = ["node", "--input-type=module", "-e", code, str(CASES), str(ENCODERS), out]
        subprocess.run(command, check=True, cwd=ROOT)
        for name, base in json.loads((CASES / "cases.json").read_text()).items():
            off = (vectors(base, CASES / name) - vectors(base, Path(out) / name)).abs().max().item()
            failed += off > TOLERANCE
            print(f"{'ok    ' if off <= TOLERANCE else 'FAILED'} {name}: largest difference {off:.1e}", flush=True)
    print(f"{failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
