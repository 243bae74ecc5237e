"""Writes a tiny encoder with random weights and what transformers and PEFT make of it: test/golden/encoders/NAME.

    python3 test/golden/generate/generate_encoder.py electra

torch 2.15, transformers 5.24, peft 0.21, tokenizers 0.23. The tokenizer is distilbert's, which lies there already, or for
XLM-R one of pieces with scores that is trained on the texts. LoRA r 4,
alpha 8 on every linear layer; AdamW at 1e-3, weight decay 0.01; five steps on one batch of eight texts, padded and masked.
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

STEPS = 5
MOST = 64
GOLDEN = Path(__file__).parent.parent / "encoders"
SIZES = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=32, intermediate_size=48, vocab_size=600)
PLAIN = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=64)



def distilberts(folder, _):
    for file in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(GOLDEN / "distilbert" / file, folder / file)


def unigram(folder, texts):
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": MOST})


# Configuration, model, pooling, tokenizer, and the id that batches are padded with.
MODELS = {
    "electra": (
        lambda: transformers.ElectraConfig(**SIZES, **PLAIN, embedding_size=16, type_vocab_size=2, hidden_act="gelu_new"),
        transformers.ElectraModel,
        "max",
        distilberts,
        0,
    ),
    "xlm-roberta": (
        lambda: transformers.XLMRobertaConfig(
            **{**SIZES, **PLAIN, "num_hidden_layers": 1, "vocab_size": 300, "max_position_embeddings": 66},
            type_vocab_size=1,
            layer_norm_eps=1e-5,
        ),
        lambda config: transformers.XLMRobertaModel(config, add_pooling_layer=False),
        "cls",
        unigram,
        1,
    ),
}


def pool(how, hidden, mask):
    mask = mask.unsqueeze(-1)
    if how == "cls":
        return hidden[:, 0]
    if how == "max":
        return hidden.masked_fill(mask == 0, -1e9).amax(1)
    return (hidden * mask).sum(1) / mask.sum(1)


def padded(rows, pad=0):
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def vectors(model, how, rows):
    with torch.no_grad():
        return torch.cat([pool(how, model(*padded([row])).last_hidden_state, padded([row])[1]) for row in rows])


def logits(model, head, how, rows):
    return vectors(model, how, rows) @ head.weight.T.detach() + head.bias.detach()


def run(model, head, how, rows, labels, pad):
    """Five steps: losses, and the gradients of the first two."""
    ids, mask = padded(rows, pad)
    params = [p for p in [*model.parameters(), *head.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=1e-3, weight_decay=0.01)
    losses, gradients = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        pooled = pool(how, model(input_ids=ids, attention_mask=mask).last_hidden_state, mask)
        loss = torch.nn.functional.cross_entropy(head(pooled), torch.tensor(labels))
        loss.backward()
        losses.append(loss.item())
        if step < 2:
            named = {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}
            named |= {f"head.{n}": p.grad.clone() for n, p in head.named_parameters()}
            gradients.append(named)
        optimizer.step()
    return losses, gradients


def furthest(a, b):
    return max((a[key].double() - b[key].double()).abs().max().item() for key in a)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def main(name):
    torch.manual_seed(20)
    make_config, make_model, how, make_tokenizer, pad = MODELS[name]
    folder, replay = GOLDEN / name, GOLDEN / name / "replay"
    shutil.rmtree(folder, ignore_errors=True)
    model = make_model(make_config()).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Far from the initial 0.02, so that nothing hides; biases and norms too.
            parameter.add_(torch.randn_like(parameter) * (0.15 if parameter.dim() == 2 else 0.1))
    model.save_pretrained(folder)
    for file in ["sentence_bert_config.json", "modules.json"]:
        shutil.copy(GOLDEN / "distilbert" / file, folder / file)
    modes = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens"}
    switches = {f"pooling_mode_{key}": mode == how for mode, key in modes.items()}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": SIZES["hidden_size"], **switches})

    texts = json.loads((GOLDEN / "texts.json").read_text())
    make_tokenizer(folder, [*texts["texts"], *texts["batch_texts"]])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST)
    ids = {key: [tokenizer.encode(text).ids for text in texts[given]] for key, given in [("texts", "texts"), ("batch", "batch_texts")]}
    write_json(folder / "ids.json", ids)
    double = copy.deepcopy(model).double()
    pooled = {"pooled_f32": vectors(model, how, ids["texts"]), "pooled_f64": vectors(double, how, ids["texts"])}
    save_file({key: value.contiguous() for key, value in pooled.items()}, folder / "pooled.safetensors")

    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="FEATURE_EXTRACTION")
    single = peft.get_peft_model(copy.deepcopy(model), config)
    head = torch.nn.Linear(SIZES["hidden_size"], 2)
    torch.nn.init.normal_(head.weight, std=0.1)
    torch.nn.init.zeros_(head.bias)
    replay.mkdir(parents=True)
    save_file(dict(head.state_dict()), replay / "init_head.safetensors")
    runs = {}
    for kind, peft_model, linear in [
        ("f64", copy.deepcopy(single).double(), copy.deepcopy(head).double()),
        ("f32", single, head),
    ]:
        if kind == "f32":
            peft_model.save_pretrained(replay / "init_adapter")
        losses, gradients = run(peft_model, linear, how, ids["batch"], texts["batch_labels"], pad)
        adapter = {n: p.detach() for n, p in peft_model.named_parameters() if p.requires_grad}
        runs[kind] = (losses, gradients, adapter, logits(peft_model, linear, how, ids["texts"]))
    single.save_pretrained(replay / "adapter_step5")
    save_file(dict(head.state_dict()), replay / "head_step5.safetensors")
    for step, gradients in enumerate(runs["f32"][1]):
        save_file({key: value.contiguous() for key, value in gradients.items()}, replay / f"step{step}_grads.safetensors")
    merged = logits(copy.deepcopy(single).merge_and_unload(), head, how, ids["texts"])
    found = {"unmerged_f32": runs["f32"][3], "merged_f32": merged, "unmerged_f64": runs["f64"][3]}
    save_file({key: value.contiguous() for key, value in found.items()}, replay / "logits_step5.safetensors")
    for kept in ["init_adapter", "adapter_step5"]:
        (replay / kept / "README.md").unlink(missing_ok=True)
        file = replay / kept / "adapter_config.json"
        adapter_config = json.loads(file.read_text())
        adapter_config["target_modules"] = sorted(adapter_config["target_modules"])
        adapter_config["base_model_name_or_path"] = None
        write_json(file, adapter_config)
    (losses, gradients, adapter, scores), (losses64, gradients64, adapter64, scores64) = runs["f32"], runs["f64"]
    write_json(
        replay / "replay.json",
        {
            "loss_f32": losses,
            "loss_f64": losses64,
            "batch_labels": texts["batch_labels"],
            "pooling": how,
            "zero_gradient_step0": sorted(key for key in gradients[0] if "lora_A" in key),
            "f32_vs_f64": {
                "pooled": (pooled["pooled_f32"].double() - pooled["pooled_f64"]).abs().max().item(),
                "loss": max(abs(a - b) for a, b in zip(losses, losses64)),
                "step0_grads": furthest(gradients[0], gradients64[0]),
                "adapter_step5": furthest(adapter, adapter64),
                "logits": (scores.double() - scores64).abs().max().item(),
                "merged_vs_unmerged": (scores - merged).abs().max().item(),
            },
        },
    )


main(sys.argv[1])
