"""Writes a tiny encoder with random weights and what transformers and PEFT make of it: test/golden/encoders/NAME of each.

    python3 test/golden/generate/generate_encoder.py electra albert

torch 2.15, transformers 5.24, peft 0.21, tokenizers 0.23. The tokenizer is distilbert's or roberta's, which lie there already,
or one that is trained on the texts: of pieces with scores, or of words under other special tokens. LoRA r 4,
alpha 8 on every linear layer; AdamW at 1e-3, weight decay 0.01; five steps on one batch of eight texts, padded and masked.
"""

import base64
import copy
import json
import shutil
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

STEPS = 5
MOST = 64
GOLDEN = Path(__file__).parent.parent / "encoders"
SIZES = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=32, intermediate_size=48, vocab_size=600)
PLAIN = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=64)



def existing(name):
    def copied(folder, _):
        for file in ["tokenizer.json", "tokenizer_config.json"]:
            shutil.copy(GOLDEN / name / file, folder / file)

    return copied


def mpnets(folder, texts):
    special = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "MPNetTokenizer", "model_max_length": MOST})


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


def multilingual(folder, texts):
    """As that of paraphrase-multilingual-MiniLM-L12-v2: a table of characters, fields of earlier versions, cut and padded by the file."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    table = json.loads((GOLDEN.parent / "tokenizers/precompiled.json").read_text())["charsmap"]
    tokenizer.normalizer = normalizers.Precompiled(base64.b64decode(table))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    pair = "<s> $A </s> </s> $B </s>"
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair=pair, special_tokens=ends)
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
    file = folder / "tokenizer.json"
    tokenizer.save(str(file))
    content = json.loads(file.read_text())
    content["pre_tokenizer"]["pretokenizers"][1] = {
        **dict(type="Metaspace", replacement="\u2581", str_rep="\u2581", add_prefix_space=True)
    }
    write_json(file, content)
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512})


DEBERTA = dict(
    **{**SIZES, **PLAIN, "vocab_size": 600},
    relative_attention=True,
    pos_att_type=["p2c", "c2p"],
    max_relative_positions=-1,
    layer_norm_eps=1e-7,
)
NARROW = {**SIZES, "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 36}
DROPPED = dict(embedding_dropout=0.0, attention_dropout=0.0, mlp_dropout=0.0, classifier_dropout=0.0)

# Configuration, model, pooling, tokenizer, and the id that batches are padded with.
MODELS = {
    "electra": (
        lambda: transformers.ElectraConfig(**SIZES, **PLAIN, embedding_size=16, type_vocab_size=2, hidden_act="gelu_new"),
        transformers.ElectraModel,
        "max",
        existing("distilbert"),
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
    # Its pooler too is one that no vector depends on.
    "camembert": (
        lambda: transformers.CamembertConfig(
            **{**NARROW, **PLAIN, "vocab_size": 300, "max_position_embeddings": 66}, type_vocab_size=1, layer_norm_eps=1e-5
        ),
        transformers.CamembertModel,
        "mean",
        unigram,
        1,
    ),
    # Its pooler gets LoRA too, which no gradient reaches.
    "bert": (
        lambda: transformers.BertConfig(**SIZES, **PLAIN, hidden_act="gelu", type_vocab_size=2),
        transformers.BertModel,
        "mean",
        existing("distilbert"),
        0,
    ),
    # As paraphrase-multilingual-MiniLM-L12-v2: a BERT with pieces of XLM-R, of which it has room for more than there are.
    "bert-multilingual": (
        lambda: transformers.BertConfig(
            **{**SIZES, **PLAIN, "vocab_size": 337}, hidden_act="gelu", type_vocab_size=2, pad_token_id=0
        ),
        transformers.BertModel,
        "mean",
        multilingual,
        1,
    ),
    # Two groups of two layers for five rounds.
    "albert": (
        lambda: transformers.AlbertConfig(
            **{**SIZES, **PLAIN, "num_hidden_layers": 5},
            **dict(num_hidden_groups=2, inner_group_num=2, embedding_size=20, type_vocab_size=2),
        ),
        transformers.AlbertModel,
        "mean",
        existing("distilbert"),
        0,
    ),
    "mpnet": (
        lambda: transformers.MPNetConfig(**{**SIZES, **PLAIN, "vocab_size": 300, "max_position_embeddings": 66}),
        transformers.MPNetModel,
        "mean",
        mpnets,
        1,
    ),
    # As v3: keys and queries of positions by the layers' own weights, in buckets.
    "deberta-v3": (
        lambda: transformers.DebertaV2Config(
            **DEBERTA, position_buckets=8, share_att_key=True, norm_rel_ebd="layer_norm", position_biased_input=False
        ),
        transformers.DebertaV2Model,
        "cls",
        existing("distilbert"),
        0,
    ),
    # Everything else that there is: weights of their own, every distance, narrow embeddings, positions and types.
    "deberta-v2": (
        lambda: transformers.DebertaV2Config(
            **DEBERTA, share_att_key=False, type_vocab_size=2, embedding_size=16, conv_kernel_size=0, hidden_act="gelu_new"
        ),
        transformers.DebertaV2Model,
        "mean",
        existing("distilbert"),
        0,
    ),
    # As the largest of v2: the first layer's input is added to its output through a convolution.
    "deberta-v2-conv": (
        lambda: transformers.DebertaV2Config(
            **{**DEBERTA, **NARROW}, position_buckets=8, share_att_key=True, norm_rel_ebd="layer_norm", conv_kernel_size=3, conv_act="gelu"
        ),
        transformers.DebertaV2Model,
        "mean",
        existing("distilbert"),
        0,
    ),
    "modernbert": (
        lambda: transformers.ModernBertConfig(
            **{**NARROW, "num_hidden_layers": 3},
            **DROPPED,
            **dict(local_attention=8, global_attn_every_n_layers=2, max_position_embeddings=64, pad_token_id=1),
            **dict(bos_token_id=0, eos_token_id=2, cls_token_id=0, sep_token_id=2),
        ),
        transformers.ModernBertModel,
        "mean",
        existing("roberta"),
        1,
    ),
    "nomic-bert": (
        lambda: transformers.NomicBertConfig(
            **{**NARROW, **PLAIN}, type_vocab_size=2, rope_parameters={"rope_type": "default", "rope_theta": 1000.0}
        ),
        transformers.NomicBertModel,
        "mean",
        existing("distilbert"),
        0,
    ),
    # What no published model has together: no pooler, another activation, norms that divide by more, three types.
    "bert-bare": (
        lambda: transformers.BertConfig(
            **{**NARROW, **PLAIN}, hidden_act="quick_gelu", type_vocab_size=3, layer_norm_eps=1e-3
        ),
        lambda config: transformers.BertModel(config, add_pooling_layer=False),
        "max",
        existing("distilbert"),
        0,
    ),
    # Embeddings as wide as layers, so that nothing stands between them, and a group a layer but one that comes twice.
    "albert-wide": (
        lambda: transformers.AlbertConfig(
            **{**NARROW, **PLAIN, "num_hidden_layers": 4},
            **dict(num_hidden_groups=3, inner_group_num=1, embedding_size=24, type_vocab_size=1),
            **dict(hidden_act="relu", layer_norm_eps=1e-2),
        ),
        transformers.AlbertModel,
        "cls",
        existing("distilbert"),
        0,
    ),
    # Biases everywhere, a window of three on either side, every third layer global, no RMS of the usual size.
    "modernbert-biased": (
        lambda: transformers.ModernBertConfig(
            **{**NARROW, "num_hidden_layers": 4},
            **DROPPED,
            **dict(attention_bias=True, mlp_bias=True, norm_bias=True, norm_eps=1e-2),
            **dict(local_attention=6, global_attn_every_n_layers=3, max_position_embeddings=64, pad_token_id=1),
            **dict(hidden_activation="silu", bos_token_id=0, eos_token_id=2, cls_token_id=0, sep_token_id=2),
        ),
        transformers.ModernBertModel,
        "max",
        existing("roberta"),
        1,
    ),
}


real_softmax = torch.nn.functional.softmax


def softmax(x, dim=None, _stacklevel=3, dtype=None):
    """In x's own precision: of float64 that transformers brings down to float32, a mask's least number becomes −∞."""
    return real_softmax(x, dim, _stacklevel, None if x.dtype == torch.float64 else dtype)


torch.nn.functional.softmax = softmax


def exact_angles(model):
    """Has a rotary model compute its angles in float64, which transformers does in float32 whatever the model is."""
    rotary = getattr(model, "rotary_emb", None)
    if rotary is None:
        return model
    dim = model.config.hidden_size // model.config.num_attention_heads
    parameters = model.config.rope_parameters

    def forward(x, positions, kind=None):
        theta = (parameters[kind] if kind else parameters)["rope_theta"]
        angles = positions[..., None].double() * theta ** (-torch.arange(0, dim, 2).double() / dim)
        angles = torch.cat([angles, angles], -1)
        return angles.cos(), angles.sin()

    rotary.forward = forward
    return model


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
            named = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
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
    config = make_config()
    config._attn_implementation = "eager"
    width = config.hidden_size
    model = make_model(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Far from the initial 0.02, so that nothing hides; biases and norms too.
            parameter.add_(torch.randn_like(parameter) * (0.15 if parameter.dim() == 2 else 0.1))
    model.save_pretrained(folder)
    for file in ["sentence_bert_config.json", "modules.json"]:
        shutil.copy(GOLDEN / "distilbert" / file, folder / file)
    modes = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens"}
    switches = {f"pooling_mode_{key}": mode == how for mode, key in modes.items()}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": width, **switches})

    texts = json.loads((GOLDEN / "texts.json").read_text())
    make_tokenizer(folder, [*texts["texts"], *texts["batch_texts"]])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST)
    ids = {key: [tokenizer.encode(text).ids for text in texts[given]] for key, given in [("texts", "texts"), ("batch", "batch_texts")]}
    write_json(folder / "ids.json", ids)
    double = exact_angles(copy.deepcopy(model).double())
    pooled = {"pooled_f32": vectors(model, how, ids["texts"]), "pooled_f64": vectors(double, how, ids["texts"])}
    save_file({key: value.contiguous() for key, value in pooled.items()}, folder / "pooled.safetensors")

    adapter = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="FEATURE_EXTRACTION")
    single = peft.get_peft_model(copy.deepcopy(model), adapter)
    head = torch.nn.Linear(width, 2)
    torch.nn.init.normal_(head.weight, std=0.1)
    torch.nn.init.zeros_(head.bias)
    replay.mkdir(parents=True)
    save_file(dict(head.state_dict()), replay / "init_head.safetensors")
    runs = {}
    for kind, peft_model, linear in [
        ("f64", copy.deepcopy(single).double(), copy.deepcopy(head).double()),
        ("f32", single, head),
    ]:
        if kind == "f64":
            exact_angles(peft_model.base_model.model)
        else:
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
            "no_gradient": sorted(key for key in runs["f32"][2] if key not in gradients[0]),
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


for name in sys.argv[1:]:
    main(name)
