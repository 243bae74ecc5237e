"""Losses of preferences by PyTorch: test/golden/preferences.json.

The formulas are those of TRL's trainers: DPOTrainer (sigmoid, ipo), CPOTrainer (simpo, and the smoothed sigmoid), ORPOTrainer, KTOTrainer.
- `losses`, `gradNorms`: five steps on a tiny Llama with PEFT's adapter, for each loss.
- `formulas`: each loss of given log probabilities, and its derivatives, in float64.

python3 test/golden/generate/generate_preferences.py, where torch, transformers and peft are installed."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
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
RATE = 1e-3
CASES = [
    {"loss": "dpo", "beta": 0.3},
    {"loss": "dpo", "beta": 0.3, "labelSmoothing": 0.2},
    {"loss": "ipo", "beta": 0.5},
    {"loss": "orpo", "beta": 0.4},
    {"loss": "simpo"},
    {"loss": "simpo", "beta": 1.5, "simpoGamma": 1.2, "labelSmoothing": 0.1},
    {"loss": "kto", "beta": 0.5},
    {"loss": "kto", "beta": 0.5, "desirableWeight": 1.5, "undesirableWeight": 0.5},
]


def log1mexp(x):
    """ln(1 - e^x)"""
    return torch.where(x > -0.6931472, torch.log(-torch.expm1(x)), torch.log1p(-torch.exp(x)))


def smoothed(z, share):
    return -F.logsigmoid(z) * (1 - share) - F.logsigmoid(-z) * share


def pair_losses(case, chosen, rejected, reference_chosen, reference_rejected, n_chosen, n_rejected):
    """Loss of each pair from sums of log probabilities and numbers of tokens, by TRL."""
    beta = case.get("beta", 2.0 if case["loss"] == "simpo" else 0.1)
    share = case.get("labelSmoothing", 0.0)
    if case["loss"] == "dpo":
        return smoothed(beta * ((chosen - reference_chosen) - (rejected - reference_rejected)), share)
    if case["loss"] == "ipo":
        delta = (chosen - reference_chosen) / n_chosen - (rejected - reference_rejected) / n_rejected
        return (delta - 1 / (2 * beta)) ** 2
    chosen, rejected = chosen / n_chosen, rejected / n_rejected
    if case["loss"] == "simpo":
        gamma = case.get("simpoGamma", 0.5) / beta
        return smoothed(beta * (chosen - rejected - gamma), share)
    log_odds = (chosen - rejected) - (log1mexp(chosen) - log1mexp(rejected))
    return -chosen - beta * F.logsigmoid(log_odds)


def labelled_losses(case, logps, reference, labels, kl):
    """Loss of each answer, by KTOTrainer; `kl` has no gradient."""
    beta = case.get("beta", 0.1)
    ratio = logps - reference
    wanted = case.get("desirableWeight", 1.0) * (1 - torch.sigmoid(beta * (ratio - kl)))
    unwanted = case.get("undesirableWeight", 1.0) * (1 - torch.sigmoid(beta * (kl - ratio)))
    return torch.where(labels, wanted, unwanted)


def joined(prompt, answer):
    alone, ids = tokenizer.encode(prompt).ids, tokenizer.encode(prompt + answer).ids
    first = 0
    while first < len(alone) and alone[first] == ids[first]:
        first += 1
    return ids + [END], max(first, 1)


def probability(model, text):
    ids, first = text
    logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    chosen = logits.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    return chosen[first - 1 :].sum()


def count(text):
    return float(len(text[0]) - text[1])


def of_all(model, texts):
    return torch.stack([probability(model, text) for text in texts])


def steps(case):
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager"),
        folder / "adapter",
        is_trainable=True,
    )
    good = [joined(prompt, chosen) for prompt, chosen, _ in PAIRS]
    bad = [joined(prompt, rejected) for prompt, _, rejected in PAIRS]
    # As single answers: chosen and rejected in turn. Each prompt goes with the nearest answer before it to another prompt.
    single = [text for pair in zip(good, bad) for text in pair]
    labels = torch.tensor([True, False] * len(PAIRS))
    others = [joined(PAIRS[i][0], PAIRS[i - 1][2]) for i in range(len(PAIRS)) for _ in range(2)]
    with torch.no_grad(), model.disable_adapter():
        references = [of_all(model, texts) for texts in (good, bad, single, others)]
    lengths = [torch.tensor([count(text) for text in texts]) for texts in (good, bad)]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0.01)
    losses, norms = [], []
    for _ in range(5):
        if case["loss"] == "kto":
            with torch.no_grad():
                kl = (of_all(model, others) - references[3]).mean().clamp(min=0)
            loss = labelled_losses(case, of_all(model, single), references[2], labels, kl).mean()
        else:
            loss = pair_losses(case, of_all(model, good), of_all(model, bad), *references[:2], *lengths).mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None]).item())
        optimizer.step()
        losses.append(loss.item())
    return {"options": case, "losses": losses, "gradNorms": norms}


def formulas(case):
    generator = torch.Generator().manual_seed(1)
    size = 12

    def numbers(low, high):
        return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)

    tokens = [torch.randint(1, 9, (size,), generator=generator).double() for _ in range(2)]
    logps = [(numbers(-6, -0.05) * n).requires_grad_() for n in tokens]
    # Answers that are all but certain, and all but impossible.
    with torch.no_grad():
        logps[0][0], logps[1][1], logps[0][2] = -1e-5, -1e-5, -400.0
    references = [numbers(-6, -0.05) * n for n in tokens]
    given = {
        "logps": [one.tolist() for one in logps],
        "references": [one.tolist() for one in references],
        "tokens": [one.tolist() for one in tokens],
    }
    if case["loss"] == "kto":
        labels = torch.arange(size) % 2 == 0
        each = labelled_losses(case, logps[0], references[0], labels, 0.7)
        given |= {"labels": labels.tolist(), "divergence": 0.7}
        logps = logps[:1]
    else:
        each = pair_losses(case, *logps, *references, *tokens)
    slopes = torch.autograd.grad(each.sum(), logps)
    return {"options": case, **given, "losses": each.tolist(), "slopes": [one.tolist() for one in slopes]}


pairs = [{"prompt": prompt, "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in PAIRS]
result = {
    "rate": RATE,
    "pairs": pairs,
    "steps": [steps(case) for case in CASES],
    "formulas": [formulas(case) for case in CASES],
}
(golden / "preferences.json").write_text(json.dumps(result, indent=1) + "\n")
for case in result["steps"]:
    print(case)
