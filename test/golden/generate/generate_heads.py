"""Writes tiny checkpoints for sequence classification with random weights, one of each family, into test/golden/heads, with
transformers' logits in float64 and the tensors of PEFT's adapter on every linear layer.

    python3 test/golden/generate/generate_heads.py

torch 2.15, transformers 5.24, peft 0.21. The tokenizer is distilbert's of test/golden/encoders.
"""

import copy
import json
import shutil
import tempfile
from pathlib import Path

import peft
import torch
import transformers
from safetensors import safe_open
from tokenizers import Tokenizer

GOLDEN = Path(__file__).parent.parent
SIZES = dict(num_hidden_layers=1, num_attention_heads=2, hidden_size=16, intermediate_size=20, vocab_size=600)
LABELS = {0: "no", 1: "perhaps", 2: "yes"}
PADDED = {"roberta", "mpnet"}
OWN = {
    "bert": dict(type_vocab_size=2),
    "roberta": dict(type_vocab_size=1, pad_token_id=1),
    "electra": dict(embedding_size=8),
    "albert": dict(embedding_size=8),
    "mpnet": {},
    "deberta-v2": dict(relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=8, share_att_key=True),
    "modernbert": dict(
        **dict(local_attention=8, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3),
        **dict(classifier_pooling="mean", max_position_embeddings=64, classifier_bias=True),
    ),
    "nomic_bert": dict(rope_parameters={"rope_type": "default", "rope_theta": 1000.0}, max_position_embeddings=64),
    "distilbert": dict(dim=16, hidden_dim=20, n_layers=1, n_heads=2, vocab_size=600, max_position_embeddings=64),
    "eurobert": dict(classifier_pooling="late", num_key_value_heads=1, max_position_embeddings=64, pad_token_id=0),
}


def main():
    torch.manual_seed(21)
    texts = json.loads((GOLDEN / "encoders/texts.json").read_text())["texts"]
    tokenizer = Tokenizer.from_file(str(GOLDEN / "encoders/distilbert/tokenizer.json"))
    tokenizer.enable_truncation(62)
    rows = [tokenizer.encode(text).ids for text in texts]
    shutil.rmtree(GOLDEN / "heads", ignore_errors=True)
    for family, own in OWN.items():
        sizes = {} if family == "distilbert" else SIZES
        positions = {} if "max_position_embeddings" in own else {"max_position_embeddings": 66 if family in PADDED else 64}
        config = transformers.AutoConfig.for_model(family, **{**sizes, **positions, **own}, id2label=LABELS)
        config._attn_implementation = "eager"
        model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * (0.2 if parameter.dim() == 2 else 0.1))
        folder = GOLDEN / "heads" / family
        model.save_pretrained(folder)
        # Of float64 that transformers brings down to float32 for the softmax and the angles, rounding is all that comes of it.
        double = copy.deepcopy(model).double()
        with torch.no_grad():
            logits = [double(torch.tensor([row])).logits[0].double().tolist() for row in rows]
        # PEFT takes its name's end for the classifier's, and cannot both adapt and save it.
        left_out = ["pre_classifier"] if family == "distilbert" else None
        adapter = peft.LoraConfig(r=2, target_modules="all-linear", exclude_modules=left_out, task_type="SEQ_CLS")
        with tempfile.TemporaryDirectory() as saved:
            peft.get_peft_model(model, adapter).save_pretrained(saved)
            with safe_open(f"{saved}/adapter_model.safetensors", "pt") as tensors:
                shapes = {name: list(tensors.get_slice(name).get_shape()) for name in sorted(tensors.keys())}
        (folder / "expected.json").write_text(json.dumps({"logits": logits, "adapter": shapes}) + "\n")


main()
