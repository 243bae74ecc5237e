"""Makes test/golden/minilm: PEFT fine-tuning the real all-MiniLM-L6-v2 on the movie-review snippets of examples/movie.

    python3 generate_minilm.py MODEL_FOLDER [common] [replay] [full] [--out FOLDER]

common  base embeddings, tokenizer cases, the order of the batches
replay  20 steps at a constant learning rate without clipping: everything needed to repeat them exactly
full    300 steps with warm-up, cosine and clipping: accuracies, adapter, logits

Needs torch 2.15, transformers 5.24, peft 0.21, safetensors, numpy and scikit-learn. All is float32 with eager attention and
without dropout; texts are padded to 64 tokens. The sentence vector is the mean of the last layer over real tokens, not
normalised; logits = vector·Wᵀ + b; the loss is the mean cross entropy.
"""

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer

PROJECT = Path(__file__).resolve().parents[3]
MAX_LENGTH, BATCH, STEPS, REPLAYED = 64, 16, 300, 20
WARM_UP, PEAK, MAX_NORM = 30, 1e-3, 1.0
TARGETS = ["query", "key", "value"]
BASE_NAME = "sentence-transformers/all-MiniLM-L6-v2"

TOKENIZER_CASES = [
    "Hello, world!",
    "naïve café — “quotes” … £3.50",
    "日本語とEnglish mixed",
    "supercalifragilisticexpialidocious",
    "  tabs\tand\nnewlines  ",
    "don't can't won't I'm",
    "emoji 😀 test",
    "",
    "[MASK] is [SEP] special [CLS]",
    "a" * 120,
    "ＦＵＬＬ ｗｉｄｔｈ",
    "İstanbul ÇAĞRI ß",
    "x\u0000y\ufffdz",
    "U.S.A. e-mail: foo@bar.com #tag http://a.b/c?d=e",
    "\u200bzero\u200dwidth",
    "1,234.5678 10^-3 √2",
]


class Data:
    """The snippets, tokenized, and the order in which training sees them."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.train_ids, self.train_mask, self.train_labels, _ = self.read("movie_train.tsv")
        self.test_ids, self.test_mask, self.test_labels, texts = self.read("movie_test.tsv")
        self.sentences = texts[:20]
        self.sentence_ids, self.sentence_mask = self.tokenize(self.sentences)
        self.order = self.batch_order(len(self.train_labels))

    def read(self, name):
        with open(PROJECT / "examples/movie" / name, encoding="utf-8", newline="\n") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
        texts = [row[2] for row in rows]
        return *self.tokenize(texts), torch.tensor([int(row[0]) for row in rows]), texts

    def tokenize(self, texts):
        options = dict(padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
        encoded = self.tokenizer(texts, **options)
        return encoded["input_ids"], encoded["attention_mask"]

    @staticmethod
    def batch_order(count):
        """Row numbers of each step: one seeded permutation after another, their ends dropped."""
        generator = np.random.RandomState(0)
        order, rows = [], []
        while len(order) < STEPS:
            if len(rows) < BATCH:
                rows = list(generator.permutation(count))
            order.append([int(row) for row in rows[:BATCH]])
            rows = rows[BATCH:]
        return order

    def batch(self, step):
        rows = self.order[step]
        return self.train_ids[rows], self.train_mask[rows], self.train_labels[rows]


def load_encoder(folder):
    options = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, add_pooling_layer=False)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **options)
    return model.train()  # without dropout the modes agree


def make_trainee(folder):
    """Encoder with a new adapter, and a new head, from fixed seeds."""
    encoder = load_encoder(folder)
    encoder.name_or_path = BASE_NAME
    torch.manual_seed(0)
    config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, bias="none", target_modules=TARGETS)
    peft_model = get_peft_model(encoder, config)
    peft_model.peft_config["default"].base_model_name_or_path = BASE_NAME
    torch.manual_seed(1)
    head = nn.Linear(384, 2)
    nn.init.normal_(head.weight, std=0.02)
    nn.init.zeros_(head.bias)
    return peft_model, head


def pool(hidden, mask):
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def vectors(encoder, ids, mask):
    return pool(encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask)


@torch.no_grad()
def all_vectors(encoder, ids, mask, batch=64):
    parts = range(0, len(ids), batch)
    return torch.cat([vectors(encoder, ids[i : i + batch], mask[i : i + batch]) for i in parts])


@torch.no_grad()
def score(embedded, head, labels, name):
    logits = head(embedded)
    accuracy = (logits.argmax(-1) == labels).float().mean().item()
    return {f"{name}_acc": accuracy, f"{name}_loss": F.cross_entropy(logits, labels).item()}


def trainable(peft_model, head):
    return [parameter for parameter in peft_model.parameters() if parameter.requires_grad] + list(head.parameters())


def gradient_norm(parameters):
    return float(torch.sqrt(sum((parameter.grad.double() ** 2).sum() for parameter in parameters)))


def save(path, tensors):
    save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, path)


def save_adapter(peft_model, folder):
    peft_model.save_pretrained(folder)
    (folder / "README.md").unlink()  # an empty model card


def write_json(path, value, **options):
    path.write_text(json.dumps(value, **options), encoding="utf-8")


def common(folder, data, out):
    hidden = load_encoder(folder).eval()(input_ids=data.sentence_ids, attention_mask=data.sentence_mask).last_hidden_state
    pooled = pool(hidden, data.sentence_mask)
    save(
        out / "base_20_sentences.safetensors",
        {
            "input_ids": data.sentence_ids.to(torch.int32),
            "attention_mask": data.sentence_mask.to(torch.int32),
            "last_hidden_state_first2": hidden[:2],
            "mean_pooled": pooled,
            "normalized": F.normalize(pooled, dim=-1),
        },
    )
    labels = data.test_labels[:20].tolist()
    write_json(out / "sentences_20.json", {"sentences": data.sentences, "labels": labels}, indent=1, ensure_ascii=False)
    cases = [{"text": text, "ids": data.tokenizer(text)["input_ids"]} for text in TOKENIZER_CASES]
    write_json(out / "tokenizer_cases.json", cases, indent=0)
    write_json(out / "batch_order.json", data.order)
    rows = [row for batch in data.order[:REPLAYED] for row in batch]
    shape = (REPLAYED, BATCH, MAX_LENGTH)
    save(
        out / "batches_first20.safetensors",
        {
            "input_ids": data.train_ids[rows].reshape(shape).to(torch.int32),
            "attention_mask": data.train_mask[rows].reshape(shape).to(torch.int32),
            "labels": data.train_labels[rows].reshape(REPLAYED, BATCH).to(torch.int32),
        },
    )


def train_exactly(peft_model, head, data, after_backward, after_step):
    """REPLAYED steps of AdamW as PyTorch sets it up: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01 on everything."""
    parameters = trainable(peft_model, head)
    optimizer = torch.optim.AdamW(parameters, lr=PEAK)
    for step in range(REPLAYED):
        ids, mask, labels = data.batch(step)
        optimizer.zero_grad()
        logits = head(vectors(peft_model, ids, mask))
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        after_backward(step, loss, logits, parameters)
        optimizer.step()
        after_step(step)


def replay(folder, data, out):
    out = out / "replay_qkv"
    out.mkdir(exist_ok=True)
    peft_model, head = make_trainee(folder)
    save_adapter(peft_model, out / "init_adapter")
    save(out / "init_head.safetensors", {"weight": head.weight, "bias": head.bias})
    log = []

    def after_backward(step, loss, logits, parameters):
        log.append({"step": step, "loss": loss.item(), "grad_norm": gradient_norm(parameters)})
        if step in (0, 1):
            gradients = {name: p.grad for name, p in peft_model.named_parameters() if p.requires_grad}
            head_gradients = {"head.weight": head.weight.grad, "head.bias": head.bias.grad, "logits": logits}
            save(out / f"step{step}_grads.safetensors", gradients | head_gradients)

    def after_step(step):
        if step == 0:
            adapter = get_peft_model_state_dict(peft_model)
            save(out / "after_step0.safetensors", adapter | {"head.weight": head.weight, "head.bias": head.bias})

    train_exactly(peft_model, head, data, after_backward, after_step)
    save_adapter(peft_model, out / "adapter_step20")
    save(out / "head_step20.safetensors", {"weight": head.weight, "bias": head.bias})
    peft_model.eval()
    with torch.no_grad():
        unmerged = head(vectors(peft_model, data.sentence_ids, data.sentence_mask))
        merged_model = peft_model.merge_and_unload()
        merged = head(vectors(merged_model, data.sentence_ids, data.sentence_mask))
    query = merged_model.encoder.layer[0].attention.self.query.weight
    logits = {"logits_unmerged": unmerged, "logits_merged": merged, "merged_layer0_query_weight": query}
    save(out / "step20_eval_20_sentences.safetensors", logits)

    # The same run in float64 tells how far float32 drifts.
    exact_model, exact_head = make_trainee(folder)
    exact_model.double()
    exact_head.double()

    def note_exact(step, loss, *_):
        log[step]["loss_fp64"] = loss.item()

    train_exactly(exact_model, exact_head, data, note_exact, lambda step: None)
    exact = get_peft_model_state_dict(exact_model)
    written = load_file(out / "adapter_step20" / "adapter_model.safetensors")
    drift = max((tensor.double() - exact[name]).abs().max().item() for name, tensor in written.items())
    summary = {
        "variant": "qkv",
        "lora": {"r": 8, "alpha": 16, "target_modules": TARGETS},
        "lr": PEAK,
        "optimizer": "AdamW torch defaults (betas .9,.999 eps 1e-8 wd .01 on all params incl. head)",
        "trainable": sum(parameter.numel() for parameter in trainable(exact_model, exact_head)),
        "max_abs_drift_adapter_fp32_vs_fp64_after20": drift,
        "max_abs_diff_merged_vs_unmerged_logits": (unmerged - merged).abs().max().item(),
        "steps": log,
    }
    write_json(out / "replay.json", summary, indent=1)


def learning_rate(step):
    """Linear warm-up, then half a cosine down to 0 at the last step."""
    if step < WARM_UP:
        return PEAK * step / WARM_UP
    progress = (step - WARM_UP) / (STEPS - WARM_UP)
    return PEAK * max(0.0, 0.5 * (1 + math.cos(math.pi * progress)))


def train_scheduled(parameters, data, logits_of, max_norm=None):
    optimizer = torch.optim.AdamW(parameters, lr=PEAK)
    log = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(logits_of(step), data.batch(step)[2])
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(parameters, max_norm)) if max_norm else None
        optimizer.step()
        log.append({"step": step, "lr": learning_rate(step), "loss": loss.item(), "grad_norm_before_clip": norm})
    return log


def full(folder, data, out):
    out = out / "full_qkv"
    out.mkdir(exist_ok=True)
    torch.set_num_threads(2)

    def embed(encoder):
        return all_vectors(encoder, data.train_ids, data.train_mask), all_vectors(encoder, data.test_ids, data.test_mask)

    def scores(embedded, head):
        return score(embedded[0], head, data.train_labels, "train") | score(embedded[1], head, data.test_labels, "test")

    frozen = embed(load_encoder(folder).eval())
    probe = LogisticRegression(max_iter=2000, C=10.0).fit(frozen[0].numpy(), data.train_labels.numpy())
    peft_model, head = make_trainee(folder)
    result = {
        "dataset": "movie snippets 4000 train / 1000 test, balanced",
        "linear_probe_logreg": {
            "train": probe.score(frozen[0].numpy(), data.train_labels.numpy()),
            "test": probe.score(frozen[1].numpy(), data.test_labels.numpy()),
        },
        "before": scores(frozen, head),
    }
    alone = copy.deepcopy(head)
    train_scheduled(list(alone.parameters()), data, lambda step: alone(frozen[0][data.order[step]]))
    result["head_only_same_steps"] = scores(frozen, alone)

    begin = time.time()
    log = train_scheduled(
        trainable(peft_model, head), data, lambda step: head(vectors(peft_model, *data.batch(step)[:2])), MAX_NORM
    )
    result["wall_s_300_steps"] = time.time() - begin
    peft_model.eval()
    result["after"] = scores(embed(peft_model), head)
    save_adapter(peft_model, out / "adapter")
    save(out / "head.safetensors", {"weight": head.weight, "bias": head.bias})
    with torch.no_grad():
        unmerged = head(vectors(peft_model, data.sentence_ids, data.sentence_mask))
        merged_model = peft_model.merge_and_unload()
        merged = head(vectors(merged_model, data.sentence_ids, data.sentence_mask))
        test_logits = head(all_vectors(merged_model, data.test_ids, data.test_mask))
    logits = {"logits_unmerged": unmerged, "logits_merged": merged, "test_logits_merged": test_logits}
    save(out / "logits.safetensors", logits)
    result["schedule"] = (
        "lr(step)=linear warm-up 30 then cosine to 0 at 300, peak 1e-3; clip_grad_norm 1.0 over adapter+head; AdamW defaults"
    )
    result["steps"] = log
    write_json(out / "result.json", result, indent=1)


PARTS = {"common": common, "replay": replay, "full": full}


def main():
    parser = argparse.ArgumentParser(description="Makes test/golden/minilm.")
    parser.add_argument("model", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--out", type=Path, default=PROJECT / "test/golden/minilm")
    options = parser.parse_args()
    data = Data(AutoTokenizer.from_pretrained(options.model))
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts or PARTS:
        PARTS[part](options.model, data, options.out)
        print(f"{part}: done", flush=True)


if __name__ == "__main__":
    main()
