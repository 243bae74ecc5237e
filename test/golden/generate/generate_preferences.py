"""Five steps of direct preference optimisation on a tiny Llama, by transformers and PEFT: test/golden/preferences.json.

python3 test/golden/generate/generate_preferences.py, where torch, transformers and peft are installed."""

import json
from pathlib import Path

import torch
from peft import PeftModel
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

golden = Path(__file__).resolve().parents[1]
folder = golden / "decoders" / "llama"
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
END = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
PAIRS = [
    ("a film about", " the sea, and good", " nothing"),
    ("so it", " ends well", " goes on and on and on"),
    ("who wrote", " it? a poet", " that"),
    ("the best", " of all", " of the worst of them"),
]
BETA, RATE = 0.3, 1e-3


def joined(prompt, answer):
    alone, ids = tokenizer.encode(prompt).ids, tokenizer.encode(prompt + answer).ids
    first = 0
    while first < len(alone) and alone[first] == ids[first]:
        first += 1
    return ids + [END], first


def probability(model, ids, first):
    logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    chosen = logits.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    return chosen[max(first, 1) - 1 :].sum()


model = PeftModel.from_pretrained(
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager"),
    folder / "adapter",
    is_trainable=True,
)
examples = [(joined(prompt, good), joined(prompt, bad)) for prompt, good, bad in PAIRS]
with torch.no_grad(), model.disable_adapter():
    reference = [(probability(model, *good) - probability(model, *bad)).item() for good, bad in examples]
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0.01)
losses = []
for _ in range(5):
    margins = torch.stack(
        [
            probability(model, *good) - probability(model, *bad) - base
            for (good, bad), base in zip(examples, reference)
        ]
    )
    loss = -torch.nn.functional.logsigmoid(BETA * margins).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
pairs = [{"prompt": prompt, "chosen": good, "rejected": bad} for prompt, good, bad in PAIRS]
result = {"beta": BETA, "rate": RATE, "pairs": pairs, "reference": reference, "losses": losses}
(golden / "preferences.json").write_text(json.dumps(result, indent=1) + "\n")
print(losses)
