"""Writes what PEFT makes of the checkpoints of test/golden/tokens into test/golden/token-adapters: of each family an adapter of the task
TOKEN_CLS on every linear layer of the encoder with its trained head, logits in float64, five steps of training from there, and
seqeval's scores of random labels.

    python3 test/golden/generate/generate_token_adapters.py

torch 2.15, transformers 5.24, peft 0.21, seqeval 1.2. LoRA r 2, alpha 6; AdamW at 1e-2, weight decay 0.01; all examples in each step,
padded and masked; the first token of each word has its label, all others -100.
"""

import copy
import json
import os
import random
import shutil
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import peft
import torch
import transformers
from safetensors.torch import save_file
from seqeval.metrics import accuracy_score, classification_report
from seqeval.scheme import IOB2, IOBES

GOLDEN = Path(__file__).parent.parent
FOLDER = GOLDEN / "token-adapters"
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"]
FAMILIES = ["bert", "roberta", "distilbert", "xlm-roberta", "modernbert"]
EXAMPLES = [
    (["Ada", "Lovelace", "met", "Charles", "Babbage", "in", "London", "."], ["B-PER", "I-PER", "O", "B-PER", "I-PER", "O", "B-LOC", "O"]),
    (["New", "York", "isn't", "Köln"], ["B-LOC", "I-LOC", None, "B-LOC"]),
    (["Übergrößen"], ["MISC"]),
]
STEPS = 5


def tokenized(tokenizer):
    """Ids and targets: of the words with a space between them, each token's word told by where it begins."""
    rows = []
    for words, labels in EXAMPLES:
        text = " ".join(words)
        starts = [len(" ".join(words[:w])) + (w > 0) for w in range(len(words))]
        found = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
        targets, seen = [], set()
        for (start, end), special in zip(found["offset_mapping"], found["special_tokens_mask"]):
            while start < end and text[start].isspace():
                start += 1
            word = max((w for w, at in enumerate(starts) if at <= start), default=0)
            first = not special and word not in seen
            if first:
                seen.add(word)
            targets.append(LABELS.index(labels[word]) if first and labels[word] is not None else -100)
        rows.append((found["input_ids"], targets))
        # transformers' own way of giving words, where its tokens are the same.
        given = tokenizer(words, is_split_into_words=True)
        if given["input_ids"] == found["input_ids"]:
            own = [None, *given.word_ids()]
            assert [i for i, t in enumerate(targets) if t != -100] == [
                i
                for i, word in enumerate(given.word_ids())
                if word is not None and word != own[i] and labels[word] is not None
            ]
    return rows


def replay(model, rows, dtype):
    """Losses of the steps."""
    model = copy.deepcopy(model).to(dtype)
    longest = max(len(ids) for ids, _ in rows)
    pad = model.config.pad_token_id or 0
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
    targets = torch.tensor([own + [-100] * (longest - len(own)) for _, own in rows])
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=1e-2, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=targets).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def scores():
    """Random labels and what seqeval says of them."""
    draw = random.Random(5)
    cases = []
    for places, scheme, kinds in [*[("BI", IOB2, kinds) for kinds in [1, 2, 3]], *[("BIES", IOBES, kinds) for kinds in [1, 2]]]:
        names = ["O"] + [f"{place}-{kind}" for kind in ["PER", "LOC", "ORG"][:kinds] for place in places]
        right = [[draw.choice(names) for _ in range(draw.randint(1, 9))] for _ in range(12)]
        found = [[label if draw.random() < 0.6 else draw.choice(names) for label in row] for row in right]
        both = {}
        for name, options in [("default", {}), ("strict", dict(mode="strict", scheme=scheme))]:
            both[name] = classification_report(right, found, output_dict=True, zero_division=0, **options)
        plain = json.loads(json.dumps(both, default=lambda value: value.item()))
        cases.append({"right": right, "found": found, "accuracy": accuracy_score(right, found), **plain})
    return cases


def main():
    torch.manual_seed(43)
    shutil.rmtree(FOLDER, ignore_errors=True)
    for family in FAMILIES:
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(GOLDEN / "encoders" / family / "tokenizer.json"))
        base = transformers.AutoModelForTokenClassification.from_pretrained(
            GOLDEN / "tokens" / family, dtype=torch.float32, attn_implementation="eager"
        )
        linear = [name for name, module in base.named_modules() if isinstance(module, torch.nn.Linear) and name != "classifier"]
        config = peft.LoraConfig(r=2, lora_alpha=6, target_modules=linear, task_type="TOKEN_CLS")
        model = peft.get_peft_model(base, config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn_like(parameter) * 0.2)
        folder = FOLDER / family
        with tempfile.TemporaryDirectory() as saved:
            model.save_pretrained(saved)
            folder.mkdir(parents=True)
            for file in ["adapter_config.json", "adapter_model.safetensors"]:
                shutil.copy(Path(saved) / file, folder / file)
        config = json.loads((folder / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = f"tokens/{family}"
        config["target_modules"] = sorted(config["target_modules"])
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
        rows = tokenized(tokenizer)
        double = copy.deepcopy(model).double()
        with torch.no_grad():
            logits = {str(i): double(input_ids=torch.tensor([ids])).logits[0].contiguous() for i, (ids, _) in enumerate(rows)}
        save_file(logits, folder / "logits.safetensors")
        expected = {
            "examples": [{"words": words, "labels": labels} for words, labels in EXAMPLES],
            "ids": [ids for ids, _ in rows],
            "targets": [targets for _, targets in rows],
            "losses_f64": replay(model, rows, torch.float64),
            "losses_f32": replay(model, rows, torch.float32),
        }
        (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
        print(family, expected["losses_f64"], expected["losses_f32"])
    (FOLDER / "seqeval.json").write_text(json.dumps(scores()) + "\n")


main()
