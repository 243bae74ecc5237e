"""Tiny checkpoints of random weights, of every encoder and in every layout that their files have."""

import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parents[3] / "test/golden/encoders"
FAMILIES = {
    "bert": dict(type_vocab_size=2),
    "roberta": dict(type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5),
    "xlm-roberta": dict(type_vocab_size=1, pad_token_id=1),
    "camembert": dict(type_vocab_size=1, pad_token_id=1),
    "distilbert": {},
    "electra": dict(type_vocab_size=2),
    "albert": dict(type_vocab_size=2),
    "mpnet": {},
    "deberta-v2": {},
    "modernbert": {},
    "nomic_bert": dict(type_vocab_size=2),
}
BYTES = {"roberta", "xlm-roberta", "camembert", "modernbert"}
LABELS = ["no", "perhaps", "yes"]
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def configuration(rng, family):
    heads = rng.choice([1, 2, 3, 4, 5])
    width = heads * rng.choice([4, 6, 7, 8, 11]) * 2
    layers = rng.choice([1, 2, 3])
    inner = rng.choice([12, 20, 33])
    positions = 42 if family in BYTES | {"mpnet"} and family != "modernbert" else 40
    sizes = dict(num_hidden_layers=layers, num_attention_heads=heads, hidden_size=width, intermediate_size=inner)
    sizes |= dict(max_position_embeddings=positions, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    own = dict(FAMILIES[family], vocab_size=600)
    if family == "distilbert":
        sizes = dict(dim=width, hidden_dim=inner, n_layers=layers, n_heads=heads, max_position_embeddings=positions)
        own |= dict(dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0, activation=rng.choice(["gelu", "relu"]))
    elif family == "electra":
        own |= dict(embedding_size=rng.choice([width, 8]), hidden_act=rng.choice(["gelu", "gelu_new"]))
    elif family == "albert":
        sizes["num_hidden_layers"] = rng.choice([2, 4])
        own |= dict(embedding_size=8, num_hidden_groups=rng.choice([1, 2]), inner_group_num=rng.choice([1, 2]), classifier_dropout_prob=0.0)
    elif family == "deberta-v2":
        own |= dict(relative_attention=True, pos_att_type=rng.choice([["p2c", "c2p"], ["c2p"], ["p2c"]]), pooler_dropout=0.0)
        own |= dict(share_att_key=rng.random() < 0.6, position_buckets=rng.choice([-1, 8]), max_relative_positions=-1)
        own |= dict(norm_rel_ebd=rng.choice(["none", "layer_norm"]), position_biased_input=rng.random() < 0.5)
        own |= dict(type_vocab_size=rng.choice([0, 2]), conv_kernel_size=rng.choice([0, 0, 3]), conv_act="gelu", conv_groups=1)
    elif family == "modernbert":
        own |= dict(local_attention=8, global_attn_every_n_layers=rng.choice([1, 2, 3]), pad_token_id=1, bos_token_id=0, eos_token_id=2)
        own |= dict(cls_token_id=0, sep_token_id=2, classifier_pooling=rng.choice(["cls", "mean"]), attention_dropout=0.0)
        own |= dict(mlp_dropout=0.0, embedding_dropout=0.0, classifier_dropout=0.0, classifier_bias=rng.random() < 0.5)
        own |= dict(attention_bias=rng.random() < 0.2, mlp_bias=rng.random() < 0.2, norm_bias=rng.random() < 0.2)
    elif family == "nomic_bert":
        own |= dict(rope_parameters={"rope_type": "default", "rope_theta": 1000.0})
    elif family == "bert":
        own |= dict(hidden_act=rng.choice(["gelu", "relu", "gelu_new"]))
    own |= unusual(rng, family)
    labels = dict(id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
    config = transformers.AutoConfig.for_model(family, **sizes, **own, **labels)
    config._attn_implementation = "eager"
    return config


# Names that transformers has for what is computed here.
ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "relu"]


def unusual(rng, family):
    """What published models seldom say: another activation, one type or several, another norm's epsilon, another padding id."""
    if rng.random() < 0.5:
        return {}
    found = {}
    if family == "distilbert":
        found |= dict(pad_token_id=rng.choice([0, 3]))
    elif family == "modernbert":
        found |= dict(hidden_activation=rng.choice(ACTIVATIONS), norm_eps=rng.choice([1e-5, 1e-3]))
    elif family != "nomic_bert":
        found |= dict(hidden_act=rng.choice(ACTIVATIONS), layer_norm_eps=rng.choice([1e-12, 1e-5, 1e-3]))
    if family in ["bert", "electra", "albert"]:
        found |= dict(type_vocab_size=rng.choice([1, 3]), pad_token_id=rng.choice([0, 5]))
    return found


AUTO = {
    "bare": transformers.AutoModel,
    "sequence": transformers.AutoModelForSequenceClassification,
    "token": transformers.AutoModelForTokenClassification,
    "masked": transformers.AutoModelForMaskedLM,
}


def kinds(family):
    """Which checkpoints transformers has of a family."""
    return [kind for kind, auto in AUTO.items() if any(kind == "bare" or family == c.model_type for c in auto._model_mapping.keys())]


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))


def make(rng, family, kind, folder):
    """`base` for Python, and `model`, the same as people have it. What was chosen for it."""
    config = configuration(rng, family)
    model = AUTO[kind].from_config(config).eval()
    dtype = rng.choice(["F32", "F32", "F32", "F16", "BF16"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.15 if parameter.dim() > 1 else 0.1))
            parameter.copy_(parameter.to(TYPES[dtype]).float())
    model.save_pretrained(folder / "base")
    layout = {"dtype": dtype, "sharded": rng.random() < 0.2, "old names": rng.random() < 0.2, "buffers": rng.random() < 0.3}
    layout["no pooler"] = kind == "bare" and rng.random() < 0.3
    target = folder / "model"
    target.mkdir()
    shutil.copy(folder / "base/config.json", target)
    tokenizer = "roberta" if family in BYTES else "distilbert"
    shutil.copy(GOLDEN / tokenizer / "tokenizer.json", target)
    tensors = {}
    for name, value in load_file(folder / "base/model.safetensors").items():
        if layout["no pooler"] and "pooler." in name:
            continue
        if layout["old names"] and "LayerNorm." in name:
            name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        tensors[name] = value.to(TYPES[dtype])
    if layout["buffers"] and "modernbert" not in family:
        before = next(iter(tensors)).split("embeddings.")[0] if "embeddings." in next(iter(tensors)) else ""
        ids = torch.arange(config.max_position_embeddings).unsqueeze(0)
        tensors[f"{before}embeddings.position_ids"] = ids
        tensors[f"{before}embeddings.token_type_ids"] = torch.zeros_like(ids)
    save(tensors, target, layout["sharded"])
    return config, layout


def save(tensors, folder, sharded):
    if not sharded:
        return save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    names = sorted(tensors)
    parts = [names[i::3] for i in range(3)]
    index = {}
    for i, part in enumerate(parts):
        file = f"model-{i + 1:05}-of-00003.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file, metadata={"format": "pt"})
        index |= {name: file for name in part}
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": 0}, "weight_map": index})


POOLING = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens", "lasttoken": "lasttoken", "weightedmean": "weightedmean_tokens"}


def sentence_layout(rng, width, folder):
    """sentence-transformers' files: pooling, perhaps a Dense, a Normalize and prompts."""
    mode = rng.choice(list(POOLING))
    found = {"pooling": mode, "dense": None, "normalize": rng.random() < 0.4, "prompt": "", "include": rng.random() < 0.6}
    kind = "sentence_transformers.models."
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    switches = {f"pooling_mode_{name}": key == mode for key, name in POOLING.items()}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": width, **switches, "include_prompt": found["include"]})
    if rng.random() < 0.4:
        out, activation = rng.choice([5, 8]), rng.choice(["Tanh", "ReLU"])
        bias = rng.random() < 0.7
        modules.append(("2_Dense", "Dense"))
        name = f"torch.nn.modules.{'linear.Identity' if activation is None else f'activation.{activation}'}"
        write_json(folder / "2_Dense/config.json", {"in_features": width, "out_features": out, "bias": bias, "activation_function": name})
        tensors = {"linear.weight": torch.randn(out, width) * 0.4} | ({"linear.bias": torch.randn(out) * 0.1} if bias else {})
        save_file(tensors, folder / "2_Dense/model.safetensors")
        found["dense"] = activation
    if found["normalize"]:
        modules.append((f"{len(modules)}_Normalize", "Normalize"))
    if rng.random() < 0.4:
        found["prompt"] = "query: "
        write_json(folder / "config_sentence_transformers.json", {"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": "query"})
    write_json(folder / "modules.json", [{"idx": i, "name": str(i), "path": p, "type": kind + t} for i, (p, t) in enumerate(modules)])
    return found
