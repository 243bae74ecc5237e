"""Loads what main.mjs beside it left in a folder with transformers and PEFT, and compares logits with lowrank's.

    python3 bench/language/exchange/check_exchange.py FOLDER

Adapters of a run on a base of four bits lie on that base's dequantised weights, as transformers reads them from the GGUF file; merged folders
are transformers' models alone. Exits with 1 where two logits differ by more than 1e-4 of the largest. Needs torch, transformers, peft and gguf.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers

ROOT = Path(__file__).resolve().parents[3]
BASE = Path.home() / ".cache/lowrank/SmolLM2-135M-Instruct-GGUF"
TEXT = "Question: Which river runs through Köln?\nAnswer: the Rhine, 1 230 km long."
TOLERANCE = 1e-4

OURS = """
const { CausalLanguageModel, init } = await import(process.argv[1]);
const [, , file, adapter, text] = process.argv;
const fs = await import("node:fs");
await init({ threads: 1 });
const model = await CausalLanguageModel.load(file, { weights: "auto" });
const read = (name) => fs.readFileSync(`${adapter}/${name}`);
if (adapter !== "") model.loadAdapter("own", Object.fromEntries(["adapter_config.json", "adapter_model.safetensors"].map((name) => [name, read(name)])));
const ids = [...model.tokenizer.encode(text)];
const { shape, data } = await model.logits(ids);
console.log(JSON.stringify({ ids, shape, data: [...data] }));
"""


def ours(file: Path, adapter: Path | None) -> tuple[list[int], torch.Tensor]:
    command = ["node", "--input-type=module", "-e", OURS, str(ROOT / "dist/node.js"), str(file), str(adapter or ""), TEXT]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer["ids"], torch.tensor(answer["data"]).reshape(answer["shape"])


def main() -> None:
    torch.set_num_threads(1)
    folder, failed = Path(sys.argv[1]), False
    print(f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}")
    file = next(BASE.glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(BASE, gguf_file=file.name)
    for task in ["text", "chat"]:
        base = transformers.AutoModelForCausalLM.from_pretrained(BASE, gguf_file=file.name, dtype=torch.float32)
        adapted = peft.PeftModel.from_pretrained(base, folder / f"run-{task}").eval()
        merged = transformers.AutoModelForCausalLM.from_pretrained(folder / f"merged-{task}", dtype=torch.float32).eval()
        own = transformers.AutoTokenizer.from_pretrained(folder / f"merged-{task}")
        cases = {"PEFT": (adapted, file, folder / f"run-{task}", tokenizer), "merged folder": (merged, folder / f"merged-{task}", None, own)}
        for name, (model, ours_file, adapter, theirs) in cases.items():
            ids, logits = ours(ours_file, adapter)
            same = ids == theirs(TEXT, add_special_tokens=False).input_ids
            with torch.no_grad():
                other = model(torch.tensor([ids])).logits[0]
            off = ((logits - other).abs().max() / other.abs().max()).item()
            failed |= off > TOLERANCE or not same
            print(f"{task}, {name}: largest difference of two logits {off:.1e} of the largest, ids {'the same' if same else 'DIFFER'}")
        del base, adapted, merged
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
