"""Random combinations of LoraConfig's options for a model."""

import re

import torch


def suffix(rng, path, most=3):
    return ".".join(path.split(".")[-rng.randint(1, most) :])


def targets(rng, linears):
    how = rng.random()
    if how < 0.2:
        return "all-linear"
    chosen = rng.sample(linears, min(len(linears), rng.randint(1, 3)))
    if how < 0.4:
        ends = sorted({re.escape(path.split(".")[-1]) for path in chosen})
        return rng.choice([r".*\.", r".*\.[01]\..*", r"(?:.*\.)?"]) + f"({'|'.join(ends)})"
    return sorted({suffix(rng, path) for path in chosen})


def random_options(rng, model, sequence):
    """Fields of a LoraConfig; some make no sense on the model, which PEFT then says."""
    inner = model.base_model if sequence else model
    modules = dict(model.named_modules())
    inside = {id(module) for module in inner.modules()}
    linears = [p for p, m in modules.items() if isinstance(m, torch.nn.Linear) and id(m) in inside]
    norms = [p for p, m in modules.items() if isinstance(m, torch.nn.LayerNorm) and id(m) in inside]
    tables = [p for p, m in modules.items() if isinstance(m, torch.nn.Embedding) and re.search(r"(word|position|token_type|tok)_embeddings$", p)]
    words = next(p for p in tables if re.search(r"(word|tok)_embeddings$", p))
    fields = dict(r=rng.randint(1, 6), lora_alpha=rng.choice([1, 3, 8, 16]), target_modules=targets(rng, linears))
    often = lambda share: rng.random() < share
    listed = not isinstance(fields["target_modules"], str)
    embeds = False
    if listed and often(0.2):
        embeds = True
        fields["target_modules"] += [rng.choice(tables).split(".")[-1]]
    if often(0.2):
        fields["exclude_modules"] = rng.choice([[suffix(rng, rng.choice(linears))], ".*" + re.escape(rng.choice(linears).split(".")[-1])])
    fields["bias"] = rng.choice(["none", "none", "lora_only", "all"])
    fields["use_rslora"] = often(0.3)
    fields["use_dora"] = often(0.25)
    fields["fan_in_fan_out"] = often(0.1)
    init = rng.choice([True, True, False, "gaussian", "orthogonal", "pissa", "olora"])
    if embeds and init in ("pissa", "olora", "orthogonal"):
        init = True
    if init == "orthogonal":
        fields["r"] += fields["r"] % 2
    fields["init_lora_weights"] = init
    if not fields["use_dora"] and isinstance(init, bool) and not embeds and often(0.2):
        fields["lora_bias"] = True
    if listed and often(0.2):
        fields["layers_to_transform"] = rng.choice([0, [0], [1], [0, 1]])
        fields["layers_pattern"] = rng.choice([None, "layer", "layers", ["layer", "layers"]])
    plain = init != "orthogonal"
    if plain and often(0.2):
        fields["rank_pattern"] = {rng.choice([suffix(rng, rng.choice(linears)), r".*\.0\..*", ".*dense"]): rng.randint(1, 5)}
    if often(0.2):
        keys = [suffix(rng, rng.choice(linears)), r".*\.1\..*", ".*"]
        fields["alpha_pattern"] = {key: rng.choice([2, 5, 7]) for key in rng.sample(keys, rng.choice([1, 2]))}
    if often(0.25):
        fields["modules_to_save"] = sorted({suffix(rng, rng.choice(rng.choice([norms, linears, tables])), 2) for _ in range(rng.randint(1, 2))})
    # PEFT makes both of one table, and then cannot run.
    whole = any(words.endswith(name) for name in fields.get("modules_to_save", []))
    if not embeds and not whole and often(0.2):
        rows = rng.sample(range(2, 500), 3)
        fields["trainable_token_indices"] = rng.choice([rows, {words.split(".")[-1]: rows}])
    return fields


# What PEFT 0.2 wrote.
OLD = [
    *["base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "lora_alpha", "lora_dropout", "modules_to_save"],
    *["peft_type", "r", "target_modules", "task_type"],
]


def old_config(json):
    """The same without the fields that came later, and with those that went; None where one of them says something."""
    later = {key: value for key, value in json.items() if key not in OLD}
    says = ["use_rslora", "use_dora", "lora_bias", "rank_pattern", "alpha_pattern", "layers_to_transform", "trainable_token_indices", "exclude_modules"]
    # 0 says something: a layer's number.
    if any(later.get(key) is not None and later[key] is not False and later[key] not in ({}, []) for key in says) or json["target_modules"] == "all-linear" or later.get("init_lora_weights") in ("pissa", "olora"):
        return None
    return {key: json[key] for key in OLD} | {"enable_lora": None, "merge_weights": False}
