"""PyTorch + PEFT fine-tuning all-MiniLM-L6-v2, step by step on request: peft_minilm.py THREADS MODEL_FOLDER DATA_TSV.

LoRA rank 8, alpha 16 on query, key and value, a linear head on the mean of the last layer, AdamW, clipping to norm 1. Texts
are tokenized beforehand; a step pads its batch to the longest text in it, as a Trainer's collator does.
Answers {"do": "step", "batch": [rows of the data]} with milliseconds, tokens and tokens after padding.
"""

import os
import sys

threads, model_folder, data_file = sys.argv[1:4]
os.environ.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402: the number of threads is read when it loads
from answer import answer, milliseconds  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import AutoTokenizer, BertModel  # noqa: E402

torch.set_num_threads(int(threads))
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(model_folder)
# The file asks for 128 tokens of padding and truncation.
tokenizer._tokenizer.no_padding()
tokenizer._tokenizer.no_truncation()
model = BertModel.from_pretrained(model_folder, add_pooling_layer=False, attn_implementation="sdpa")
model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["query", "key", "value"], lora_dropout=0.0))
head = torch.nn.Linear(model.config.hidden_size, 2)
params = [p for p in [*model.parameters(), *head.parameters()] if p.requires_grad]
optimizer = torch.optim.AdamW(params, lr=1e-3)
with open(data_file, encoding="utf-8") as file:
    rows = [line.rstrip("\n").split("\t") for line in file]
labels = [int(label) for label, _, _ in rows]
encoded = [tokenizer(text) for _, _, text in rows]
model.train()


def step(batch):
    unpadded = {key: [encoded[i][key] for i in batch] for key in ("input_ids", "attention_mask")}
    inputs = tokenizer.pad(unpadded, return_tensors="pt")
    hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    logits = head((hidden * mask).sum(1) / mask.sum(1))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([labels[i] for i in batch]))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
    return inputs["attention_mask"]


def timed(command):
    masks = []
    ms = milliseconds(lambda: masks.append(step(command["batch"])), 1)
    return {"ms": ms, "tokens": int(masks[0].sum()), "padded": masks[0].numel()}


answer({"hello": lambda _: {}, "step": timed})
