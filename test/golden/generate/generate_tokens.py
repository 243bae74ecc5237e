"""Writes tiny checkpoints for token classification with random weights, one of each family, into test/golden/tokens, with transformers'
logits in float64 and what its pipeline finds in awkward texts with the aggregation "simple".

    python3 test/golden/generate/generate_tokens.py

torch 2.15, transformers 5.24. The tokenizers are those of test/golden/encoders.
"""

import copy
import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

GOLDEN = Path(__file__).parent.parent
FOLDER = GOLDEN / "tokens"
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"]
SIZES = dict(num_hidden_layers=1, num_attention_heads=2, hidden_size=16, intermediate_size=20, max_position_embeddings=66)
OWN = {
    "bert": dict(type_vocab_size=2),
    "roberta": dict(type_vocab_size=1, pad_token_id=1),
    "xlm-roberta": dict(type_vocab_size=1, pad_token_id=1),
    "distilbert": dict(dim=16, hidden_dim=20, n_layers=1, n_heads=2, max_position_embeddings=66),
    "electra": dict(embedding_size=8),
    "albert": dict(embedding_size=8),
    "mpnet": {},
    "deberta-v2": dict(relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=8, share_att_key=True),
    "modernbert": dict(
        **dict(local_attention=8, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3),
        classifier_bias=True,
    ),
}
TEXTS = [
    "Ada Lovelace met Charles Babbage in London, didn't she?",
    "  two  spaces\tand a tab\n and Übergrößen in Köln  ",
    "café naïve façade — “quoted” … 100 € 東京 and 😀 emoji",
    "X",
]


def main():
    torch.manual_seed(41)
    shutil.rmtree(FOLDER, ignore_errors=True)
    for family, own in OWN.items():
        # Not AutoTokenizer, which makes some families' steps anew and does not heed tokenizer.json.
        file = str(GOLDEN / "encoders" / family / "tokenizer.json")
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=file)
        sizes = {} if family == "distilbert" else SIZES
        named = dict(id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
        config = transformers.AutoConfig.for_model(family, **{**sizes, **own}, vocab_size=600, **named)
        config._attn_implementation = "eager"
        model = transformers.AutoModelForTokenClassification.from_config(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * (0.25 if parameter.dim() == 2 else 0.1))
        folder = FOLDER / family
        model.save_pretrained(folder)
        tagger = transformers.pipeline("token-classification", model=model, tokenizer=tokenizer, device="cpu")
        found = [
            [
                dict(label=str(e["entity_group"]), probability=float(e["score"]), start=int(e["start"]), end=int(e["end"]))
                for e in tagger(text, aggregation_strategy="simple")
            ]
            for text in TEXTS
        ]
        double = copy.deepcopy(model).double()
        logits = {}
        for i, text in enumerate(TEXTS):
            ids = tokenizer(text, return_tensors="pt")
            ids.pop("token_type_ids", None)
            with torch.no_grad():
                logits[str(i)] = double(**ids).logits[0].contiguous()
        save_file(logits, folder / "logits.safetensors")
        spans = {"texts": TEXTS, "spans": found}
        (folder / "spans.json").write_text(json.dumps(spans, indent=1, ensure_ascii=False) + "\n")


main()
