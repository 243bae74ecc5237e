"""PEFT's side of scripts/fuzz/peft.mjs, which asks in JSON lines: makes random programs, and checks what we wrote."""

import contextlib
import copy
import json
import os
import random
import re
import shutil
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import checkpoints
from options import old_config, random_options

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
STEPS = 5
MOST = 40
# Trainings in float32 that say how far one may lie from float64.
SAMPLES = 4
TEXTS = json.loads((checkpoints.GOLDEN / "texts.json").read_text())
UNKNOWN = {"field_of_a_later_version": {"kept": [1, 2.5, None, "ü"]}}


class Network(torch.nn.Module):
    """A model with PEFT's adapter and what stands behind it: logits of rows of token ids, one by one."""

    def __init__(self, folder, program, adapter=None):
        super().__init__()
        self.program = program
        auto = checkpoints.AUTO["sequence" if program["sequence"] else "bare"]
        base = auto.from_pretrained(folder / "base", dtype=torch.float32, attn_implementation="eager")
        self.peft = base if adapter is None else peft.PeftModel.from_pretrained(base, adapter, is_trainable=True)
        self.dense = None
        if not program["sequence"] and program["layout"]["dense"]:
            tensors = load_file(folder / "model/2_Dense/model.safetensors")
            weight, bias = tensors["linear.weight"], tensors.get("linear.bias")
            function = {"Tanh": torch.tanh, "ReLU": torch.relu}[program["layout"]["dense"]]
            self.dense = lambda x: function(torch.nn.functional.linear(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype)))

    def vector(self, ids, skip=0):
        """A text's vector, or its logits where the model gives those."""
        out = self.peft(input_ids=torch.tensor([ids]))
        if self.program["sequence"]:
            return out.logits[0]
        hidden, mode = out.last_hidden_state[0], self.program["layout"]["pooling"]
        rest = hidden[skip:]
        if mode == "cls":
            pooled = hidden[0]
        elif mode == "max":
            pooled = rest.amax(0)
        elif mode == "lasttoken":
            pooled = rest[-1]
        elif mode == "weightedmean":
            weights = torch.arange(1, len(rest) + 1, dtype=rest.dtype)
            pooled = (rest * weights[:, None]).sum(0) / weights.sum()
        else:
            pooled = rest.mean(0)
        return pooled if self.dense is None else self.dense(pooled)

    @torch.no_grad()
    def answers(self, program, tokenizer):
        """What `encode` or `logits` gives for each text."""
        self.eval()
        layout = program.get("layout")
        if program["sequence"]:
            return [self.vector(tokenizer.encode(text).ids) for text in program["texts"]]
        skip = 0
        if layout["prompt"] and not layout["include"]:
            skip = len(tokenizer.encode(layout["prompt"]).ids) - 1
        rows = [self.vector(tokenizer.encode(layout["prompt"] + text).ids, skip) for text in program["texts"]]
        return [torch.nn.functional.normalize(row, dim=0) for row in rows] if layout["normalize"] else rows


def tokenizer_of(folder):
    tokenizer = Tokenizer.from_file(str(folder / "model/tokenizer.json"))
    tokenizer.enable_truncation(MOST)
    return tokenizer


def rows(tensors):
    return [[float(x) for x in row] for row in tensors]


def make(seed, folder):
    """A random program in a folder: its model, an adapter of PEFT's, and what PEFT makes of it."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    family = rng.choice(list(checkpoints.FAMILIES))
    kind = rng.choice(["bare", "bare", *checkpoints.kinds(family)])
    sequence = kind == "sequence" and rng.random() < 0.7
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config, stored = checkpoints.make(rng, family, kind, folder)
    program = {"seed": seed, "family": family, "kind": kind, "sequence": sequence, "stored": stored, "most": MOST}
    width = config.hidden_size if hasattr(config, "hidden_size") else config.dim
    if not sequence:
        program["layout"] = checkpoints.sentence_layout(rng, width, folder / "model")
    checkpoints.write_json(folder / "model/sentence_bert_config.json", {"max_seq_length": MOST})
    program["no pooler"] = not any("pooler" in key for key in model_tensors(folder))
    program["texts"] = rng.sample(TEXTS["texts"], 4)
    program["batch"] = rng.sample(TEXTS["batch_texts"], 4)
    program["targets"] = [rng.randrange(3) for _ in range(4)]
    program["optimizer"] = rng.choice(["adamw", "adamw", "sgd"])
    network = Network(folder, program)
    try:
        fields = random_options(rng, network.peft, sequence)
        program["options"] = copy.deepcopy(fields)
        lora = peft.LoraConfig(**fields, task_type="SEQ_CLS" if sequence else None)
        network.peft = peft.get_peft_model(network.peft, lora)
    except Exception as error:
        return {**program, "refused": f"{type(error).__name__}: {str(error)[:300]}"}
    taking = fields["init_lora_weights"] in ("pissa", "olora")
    with torch.no_grad():
        for name, value in network.peft.named_parameters():
            if not value.requires_grad:
                continue
            if taking or "lora_" not in name or "magnitude" in name:
                value.add_(torch.randn_like(value) * (0.02 if taking else 0.05))
            else:
                value.copy_(torch.randn_like(value) * 0.2)
    save(network.peft, folder / "start")
    file = folder / "start/adapter_config.json"
    written = json.loads(file.read_text())
    older = old_config(written) if rng.random() < 0.5 else None
    program["old"] = older is not None
    written = older or written | UNKNOWN
    if fields["fan_in_fan_out"]:
        written["fan_in_fan_out"] = True
    file.write_text(json.dumps(written))
    # Only what stands in the file counts: loaded again.
    try:
        network = Network(folder, program, folder / "start")
    except KeyError as error:
        # A module that is trained as a whole within another one: PEFT does not find it again.
        return {**program, "refused": f"KeyError: {error}"}
    tokenizer = tokenizer_of(folder)
    start = network.answers(program, tokenizer)
    head = None
    if not sequence:
        head = torch.nn.Linear(len(start[0]), 3)
        save_file(dict(head.state_dict()), folder / "head.safetensors")
    # In float64: Adam makes whole steps of gradients that are nothing but rounding, so two float32 trainings may part.
    network, head = network.double(), head and head.double()
    losses = train(network, head, program, tokenizer)
    end = network.answers(program, tokenizer)
    return {**program, "start": rows(start), "losses": losses, "end": rows(end)}


@contextlib.contextmanager
def exact_decompositions():
    """PEFT decomposes weights in float32, wherever it loads an adapter of PiSSA's or OLoRA's; in here LAPACK does it in float64."""
    plain = torch.linalg.svd, torch.linalg.qr

    def exactly(function):
        def decompose(matrix, *others, **named):
            return tuple(part.to(matrix.dtype) for part in function(matrix.double(), *others, **named))

        return decompose

    torch.linalg.svd, torch.linalg.qr = map(exactly, plain)
    try:
        yield
    finally:
        torch.linalg.svd, torch.linalg.qr = plain


def stages(network, head, program, tokenizer):
    start = rows(network.answers(program, tokenizer))
    losses = train(network, head, program, tokenizer)
    return {"loaded": start, "losses": [losses], "trained": rows(network.answers(program, tokenizer))}


def condition(folder, program):
    """
    What float64 gives, and how far PyTorch's float32 lies from it at most, of the largest number: once as it is, and from weights that
    differ by the last bit, as any other order of sums would make them.
    """
    torch.manual_seed(program["seed"])
    tokenizer = tokenizer_of(folder)

    def parts(exactly):
        with exact_decompositions() if exactly else contextlib.nullcontext():
            network = Network(folder, program, folder / "start")
        if program["sequence"]:
            return network, None
        tensors = load_file(folder / "head.safetensors")
        head = torch.nn.Linear(*reversed(tensors["weight"].shape))
        head.load_state_dict(tensors)
        return network, head

    network, head = parts(True)
    exact = stages(network.double(), head and head.double(), program, tokenizer)
    near = dict.fromkeys(exact, 0.0)
    for sample in range(SAMPLES):
        network, head = parts(False)
        if sample > 0:
            with torch.no_grad():
                for value in network.parameters():
                    value.mul_(1 + torch.randn_like(value) * 2**-24)
        for name, found in stages(network, head, program, tokenizer).items():
            a, b = (torch.tensor(x, dtype=torch.float64) for x in (found, exact[name]))
            near[name] = max(near[name], ((a - b).abs().max() / b.abs().max().clamp(min=1e-3)).item())
    return {"exact": exact, "near": near}


def train(network, head, program, tokenizer):
    network.train()
    parameters = [p for p in network.parameters() if p.requires_grad] + (list(head.parameters()) if head else [])
    if program["optimizer"] == "adamw":
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)
    else:
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
    batch = [tokenizer.encode(text).ids for text in program["batch"]]
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        vectors = torch.stack([network.vector(ids) for ids in batch])
        loss = torch.nn.functional.cross_entropy(head(vectors) if head else vectors, torch.tensor(program["targets"]))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def save(model, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def model_tensors(folder):
    """Names of a checkpoint's tensors, as people have it."""
    index = folder / "model/model.safetensors.index.json"
    if index.exists():
        return list(json.loads(index.read_text())["weight_map"])
    return list(load_file(folder / "model/model.safetensors"))


def keys(file):
    """A file's, without the copies that PEFT writes with bias "all", which it does not look at when it loads."""
    return {key for key in load_file(file) if ".original_module." not in key and ".modules_to_save." not in key}


def is_of_missing_pooler(key, program):
    """Whether it is a bias of a pooler that the model's files lack: PEFT saves the random one that transformers made."""
    return program["no pooler"] and re.search(r"\.pooler(\.dense)?(\.base_layer)?\.bias$", key)


def check(folder, program, written):
    """What PEFT makes of an adapter that we wrote, and the keys that either lacks; PEFT saves it again beside it."""
    network = Network(folder, program, folder / written)
    result = network.peft.load_adapter(folder / written, "default")
    answers = network.answers(program, tokenizer_of(folder))
    save(network.peft, folder / f"{written}-again")
    ours, theirs = (keys(folder / f / "adapter_model.safetensors") for f in (written, f"{written}-again"))
    return {
        "answers": rows(answers),
        "missing": sorted(key for key in theirs - ours if not is_of_missing_pooler(key, program))
        + [key for key in result.missing_keys if re.search("lora|modules_to_save", key)],
        "unexpected": sorted(ours - theirs) + list(result.unexpected_keys),
    }


def main():
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        folder = Path(question["folder"])
        try:
            if "seed" in question:
                answer = make(question["seed"], folder)
            elif "condition" in question:
                answer = condition(folder, question["condition"])
            else:
                answer = check(folder, question["program"], question["written"])
        except Exception as error:
            import traceback

            answer = {"failed": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-1500:]}
        print(json.dumps(answer), file=output, flush=True)


if __name__ == "__main__":
    main()
