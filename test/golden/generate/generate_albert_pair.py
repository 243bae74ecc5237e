"""
A tiny ALBERT as sentence-transformers saves a cross-encoder, and its logits: ALBERT has an embedding of token types, and transformers' tokenizer
gives none. Then the logits with types, which tokenizer_config.json may ask for (`typed`).

    python generate_albert_pair.py ../tasks/albert_pair
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import CrossEncoder
from transformers import AlbertConfig, AlbertForSequenceClassification, AlbertTokenizer

out = Path(sys.argv[1])
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
PAIRS = [["how are you", "a good film"], ["the end", "it was very bad and long"], ["a", "b c d"], ["", "long"]]
words = ["▁how", "▁are", "▁you", "▁a", "▁good", "▁film", "▁the", "▁end", "▁it", "▁was", "▁very", "▁bad", "▁and", "▁long", "▁", "b", "c", "d"]
vocab = [("<pad>", 0.0), ("<unk>", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[MASK]", 0.0)]
vocab += [(word, -1.0 - i / 10) for i, word in enumerate(words)]
torch.manual_seed(39)
config = AlbertConfig(
    vocab_size=len(vocab), embedding_size=8, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
    max_position_embeddings=32, type_vocab_size=2, num_labels=1, pad_token_id=0, bos_token_id=2, eos_token_id=3,
)
model = AlbertForSequenceClassification(config)
for name, parameter in model.named_parameters():
    if parameter.ndim == 2:
        torch.nn.init.normal_(parameter, std=0.5)
model.save_pretrained(out)
AlbertTokenizer(vocab=vocab, model_max_length=32).save_pretrained(out)
cross = CrossEncoder(str(out), device="cpu")
cross.save_pretrained(str(out))
(out / "README.md").unlink(missing_ok=True)
read = lambda folder: CrossEncoder(str(folder), device="cpu").predict(
    PAIRS, activation_fn=torch.nn.Identity(), convert_to_tensor=True
)
tensors = {"logits": read(out)}
settings = json.loads((out / "tokenizer_config.json").read_text())
typed = out.parent / "albert_typed"
shutil.copytree(out, typed)
(typed / "tokenizer_config.json").write_text(
    json.dumps({**settings, "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}, indent=2)
)
tensors["typed"] = read(typed)
shutil.rmtree(typed)
save_file({name: tensor.float().contiguous() for name, tensor in tensors.items()}, out / "expected.safetensors")
(out / "pairs.json").write_text(json.dumps(PAIRS))
print(settings, tensors)
