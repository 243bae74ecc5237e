"""The same recipe with PEFT, on the same base in float32: python compare.py FOLDER_OF_THE_GGUF_FILE [seed ...]"""

import json
import math
import resource
import sys
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, get_cosine_schedule_with_warmup

here = Path(__file__).parent
folder, *seeds = sys.argv[1:]
file = next(path.name for path in Path(folder).iterdir() if path.suffix == ".gguf")
recipe = json.loads((here / "recipe.json").read_text())
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
END = tokenizer.convert_tokens_to_ids("<|im_end|>")


def tokens(messages):
    """Ids of a conversation, and which are learnt: the answer and the token that ends it."""
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    prompt = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    ids, first = (tokenizer(part, add_special_tokens=False).input_ids for part in (text, prompt))
    assert ids[: len(first)] == first
    last = len(ids) - ids[::-1].index(END)
    return ids, [-100] * len(first) + ids[len(first) : last] + [-100] * (len(ids) - last)


def read(name):
    return [tokens(json.loads(line)["messages"]) for line in (here / name).read_text("utf-8").splitlines()]


def batch_of(examples):
    width = max(len(ids) for ids, _ in examples)
    pad = lambda rows, value: torch.tensor([row + [value] * (width - len(row)) for row in rows])
    ids, labels = zip(*examples)
    return dict(
        input_ids=pad(ids, END),
        attention_mask=pad([[1] * len(row) for row in ids], 0),
        labels=pad(labels, -100),
    )


train, held = read("train.jsonl"), read("held-out.jsonl")


@torch.no_grad()
def perplexity(model):
    model.eval()
    total = count = 0
    for start in range(0, len(held), 8):
        batch = batch_of(held[start : start + 8])
        targets = int((batch["labels"][:, 1:] >= 0).sum())
        total += float(model(**batch).loss) * targets
        count += targets
    return math.exp(total / count)


for seed in map(int, seeds or ["0"]):
    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    base.config.use_cache = False
    before = perplexity(base)
    config = LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    steps, size = recipe["steps"], recipe["batchSize"]
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=recipe["learningRate"], weight_decay=0.01)
    schedule = get_cosine_schedule_with_warmup(optimizer, round(steps / 10), steps)
    order = []
    began = time.perf_counter()
    model.train()
    for _ in range(steps):
        if len(order) < size:
            order = torch.randperm(len(train)).tolist()
        chosen, order = order[:size], order[size:]
        model(**batch_of([train[i] for i in chosen])).loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"seed {seed}: perplexity {before:.2f} before, {perplexity(model):.2f} after; {seconds:.0f} s, {peak:.0f} MB",
        flush=True,
    )
