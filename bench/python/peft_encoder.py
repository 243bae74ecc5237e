"""PyTorch + PEFT on an encoder of its published size with random weights: peft_encoder.py THREADS FOLDER TYPE.

Writes the model's files to FOLDER, for the other side to load, with the tokenizer of a small one, since batches come as ids. LoRA
rank 8, alpha 16 on every linear layer of the encoder, a linear head on the mean of the last layer, AdamW, clipping to norm 1.
Answers {"do": "vectors", "texts": ids} with means of the last layer, {"do": "step", "texts": ids, "targets": classes} with milliseconds.
"""

import os
import shutil
import sys
from pathlib import Path

threads, folder, kind = sys.argv[1:4]
os.environ.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, HF_HUB_OFFLINE="1")

import torch  # noqa: E402: the number of threads is read when it loads
import transformers  # noqa: E402
from answer import answer, milliseconds  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402

torch.set_num_threads(int(threads))
torch.manual_seed(0)

BASE = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
LONG = dict(max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1)
DEBERTA = dict(relative_attention=True, pos_att_type=["p2c", "c2p"], max_relative_positions=-1, position_biased_input=False)
DEBERTA_V3 = dict(position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True, type_vocab_size=0, vocab_size=128100)

# Sizes of the checkpoints that are named, and modules without the pooler.
SIZES = {
    "bert": ("Bert", BASE),  # bert-base-uncased
    "roberta": ("Roberta", {**BASE, **LONG, "vocab_size": 50265}),  # roberta-base
    "camembert": ("Camembert", {**BASE, **LONG, "vocab_size": 32005}),  # camembert-base
    "xlm-roberta": ("XLMRoberta", {**BASE, **LONG, "vocab_size": 250002}),  # xlm-roberta-base
    "distilbert": ("DistilBert", {}),  # distilbert-base-uncased
    "mpnet": ("MPNet", {**BASE, "vocab_size": 30527, "max_position_embeddings": 514}),  # mpnet-base
    "albert": ("Albert", {**BASE, "embedding_size": 128, "vocab_size": 30000}),  # albert-base-v2
    "electra": ("Electra", {**BASE, "embedding_size": 768}),  # electra-base-discriminator
    "deberta-v2": ("DebertaV2", {**BASE, **DEBERTA, **DEBERTA_V3}),  # deberta-v3-base
    "modernbert": ("ModernBert", {}),  # ModernBERT-base
    "nomic_bert": ("NomicBert", {}),  # nomic-embed-text-v1.5
}
name, settings = SIZES[kind]
config = getattr(transformers, f"{name}Config")(**settings)
quiet = {key: 0.0 for key in vars(config) if "dropout" in key and isinstance(getattr(config, key), float)}
config.update(quiet)
model = getattr(transformers, f"{name}Model")(config).eval()
folder = Path(folder)
model.save_pretrained(folder)
of_roberta = kind in ["roberta", "camembert", "xlm-roberta"]
tokenizer = Path(__file__).parents[2] / "test/golden/encoders" / ("roberta" if of_roberta else "distilbert")
for file in ["tokenizer.json", "tokenizer_config.json"]:
    shutil.copy(tokenizer / file, folder / file)
linears = [path for path, module in model.named_modules() if isinstance(module, torch.nn.Linear) and "pooler" not in path]
model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=linears, lora_dropout=0.0))
head = torch.nn.Linear(config.hidden_size, 2)
params = [p for p in [*model.parameters(), *head.parameters()] if p.requires_grad]
optimizer = torch.optim.AdamW(params, lr=1e-4)


def pooled(texts):
    longest = max(map(len, texts))
    pad = config.pad_token_id or 0
    ids = torch.tensor([text + [pad] * (longest - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


def step(texts, targets):
    loss = torch.nn.functional.cross_entropy(head(pooled(texts)), torch.tensor(targets))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()


def vectors(command):
    with torch.no_grad():
        return {"vectors": pooled(command["texts"]).tolist(), "parameters": sum(p.numel() for p in model.parameters())}


answer({"vectors": vectors, "step": lambda command: {"ms": milliseconds(lambda: step(command["texts"], command["targets"]), 1)}})
