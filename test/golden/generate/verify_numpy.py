"""Recomputes goldens with NumPy alone: whether formulas and layouts, as documented, give the stored numbers.

    python3 verify_numpy.py MODEL_FOLDER

Covers the LoRA layers and the optimizers of test/golden/vectors and, with all-MiniLM-L6-v2 from MODEL_FOLDER, the embeddings
and the trained adapter of test/golden/minilm. Everything is computed in float64. Prints the worst error of each group, as
|a − b| / max(1, |b|), and exits with 1 where one is above its bound. Needs numpy and safetensors.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

GOLDEN = Path(__file__).resolve().parents[1]
erf = np.vectorize(math.erf)


def double(array):
    return np.asarray(array).astype(np.float64)


class Report:
    def __init__(self):
        self.worst, self.failures = {}, []

    def check(self, group, case, got, expected, bound):
        expected = double(expected)
        error = float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max()) if expected.size else 0.0
        self.worst[group] = max(self.worst.get(group, 0.0), error)
        if not error <= bound:
            self.failures.append(f"{group} {case}: {error:.1e}")

    def finish(self):
        for group, error in self.worst.items():
            print(f"{group:32} {error:.1e}")
        print("\n".join(["too far off:", *self.failures]) if self.failures else "all agree")
        sys.exit(bool(self.failures))


def verify_lora_embedding(report, name, case, s):
    """y = (W + s·(B·A)ᵀ)[x], A [rank, rows], B [width, rank], W [rows, width]."""
    a, b, weight, rows = double(case["lora_A"]), double(case["lora_B"]), double(case["weight"]), case["x"]
    delta = s * (b @ a).T
    report.check("lora delta", name, delta, case["delta"], 1e-6)
    report.check("lora out", name, (weight + delta)[rows], case["out"], 1e-5)
    report.check("lora merged", name, weight + delta, case["merged"], 1e-5)
    rows, cotangent = rows.reshape(-1), double(case["cot"]).reshape(-1, b.shape[0])
    grad_a = np.zeros_like(a.T)
    np.add.at(grad_a, rows, s * cotangent @ b)
    report.check("lora grad B", name, s * cotangent.T @ a.T[rows], case["grad_lora_B"], 1e-5)
    report.check("lora grad A", name, grad_a.T, case["grad_lora_A"], 1e-5)


def verify_lora_linear(report, name, case, s, transposed, dora):
    """y = x·Mᵀ + b with M = W + s·B·A; with DoRA each row of that scaled to its magnitude, its norm held constant."""

    def stored(matrix):
        return matrix.T if transposed else matrix

    a, b, weight = double(case["lora_A"]), double(case["lora_B"]), stored(double(case["weight"]))
    bias = double(case["bias"]) if "bias" in case else 0.0
    x = double(case["x"])
    flat_x, cotangent = x.reshape(-1, x.shape[-1]), double(case["cot"]).reshape(-1, b.shape[0])
    delta = s * b @ a
    report.check("lora delta", name, stored(delta), case["delta"], 1e-6)
    merged, row_scale = weight + delta, 1.0
    if dora:
        norms = np.linalg.norm(merged, axis=1)
        grad_magnitude = (cotangent * (flat_x @ merged.T)).sum(0) / norms
        report.check("lora grad magnitude", name, grad_magnitude, case["grad_magnitude"], 1e-5)
        row_scale = double(case["magnitude"]) / norms
        merged = row_scale[:, None] * merged
    report.check("lora out", name, (flat_x @ merged.T + bias).reshape(case["out"].shape), case["out"], 1e-5)
    report.check("lora merged", name, stored(merged), case["merged"], 1e-5)
    report.check("lora grad x", name, (cotangent @ merged).reshape(x.shape), case["grad_x"], 1e-5)
    scaled = cotangent * row_scale
    report.check("lora grad B", name, s * scaled.T @ (flat_x @ a.T), case["grad_lora_B"], 1e-5)
    report.check("lora grad A", name, s * (scaled @ b).T @ flat_x, case["grad_lora_A"], 1e-5)


def verify_lora(report):
    tensors = load_file(GOLDEN / "vectors/lora.safetensors")
    for entry in json.loads((GOLDEN / "vectors/lora.json").read_text())["cases"]:
        name, dora, stabilised = entry["name"], entry.get("use_dora", False), entry.get("use_rslora", False)
        s = entry["lora_alpha"] / (math.sqrt(entry["r"]) if stabilised else entry["r"])
        report.check("lora scaling", name, s, entry["scaling"], 1e-12)
        case = {key.split("/")[1]: tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}
        if entry["layer"] == "embedding":
            verify_lora_embedding(report, name, case, s)
        else:
            verify_lora_linear(report, name, case, s, entry["layer"] == "conv1d", dora)


def clip(gradients, entry, step):
    if "max_norm" in entry:
        norm = math.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
        assert abs(norm - entry["norm_before_clip"][step]) <= 1e-6 * max(1, norm), entry["name"]
        factor = min(1, entry["max_norm"] / (norm + 1e-6))
        gradients = {key: gradient * factor for key, gradient in gradients.items()}
    if "clip_value" in entry:
        limit = entry["clip_value"]
        gradients = {key: np.clip(gradient, -limit, limit) for key, gradient in gradients.items()}
    return gradients


def sgd_step(parameter, gradient, state, lr, decay, hyper, step):
    gradient = gradient + decay * parameter
    momentum = hyper.get("momentum", 0)
    if not momentum:
        return parameter - lr * gradient
    dampening = 1 - hyper.get("dampening", 0)
    buffer = gradient.copy() if step == 0 else momentum * state["buffer"] + dampening * gradient
    state["buffer"] = buffer
    return parameter - lr * (gradient + momentum * buffer if hyper.get("nesterov") else buffer)


def adam_step(parameter, gradient, state, lr, decay, hyper, step, decoupled):
    beta1, beta2 = hyper.get("betas", (0.9, 0.999))
    if decoupled:
        parameter = parameter * (1 - lr * decay)
    else:
        gradient = gradient + decay * parameter
    state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * gradient
    state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * gradient**2
    second = state["v"]
    if hyper.get("amsgrad"):
        second = state["largest"] = np.maximum(state.get("largest", 0.0), second)
    root = np.sqrt(second) / math.sqrt(1 - beta2 ** (step + 1))
    return parameter - lr / (1 - beta1 ** (step + 1)) * state["m"] / (root + hyper.get("eps", 1e-8))


def verify_optimizers(report):
    tensors = load_file(GOLDEN / "vectors/optim.safetensors")
    index = json.loads((GOLDEN / "vectors/optim.json").read_text())
    for entry in index["cases"]:
        optimizer, hyper = entry["optimizer"], entry["hyper"]
        if optimizer not in ("AdamW", "Adam", "SGD"):
            continue
        parameters, states = {key: double(tensors[f"{key}0"]) for key in "wb"}, {"w": {}, "b": {}}
        for step in range(20):
            gradients = clip({key: double(tensors[f"grads/{key}"][step]) for key in "wb"}, entry, step)
            for key in "wb":
                decay = hyper.get("weight_decay", 0.01 if optimizer == "AdamW" else 0.0)
                if key == "b":
                    decay = entry.get("b_weight_decay", decay)
                values = (parameters[key], gradients[key], states[key], entry["lr"][step], decay, hyper, step)
                parameters[key] = sgd_step(*values) if optimizer == "SGD" else adam_step(*values, optimizer == "AdamW")
                expected = tensors[f"{entry['name']}/{key}"][step]
                report.check("optimizers", f"{entry['name']} {key} step {step}", parameters[key], expected, 1e-6)
    for step in range(25):
        warm = step / 4
        cosine = warm if step < 4 else max(0.0, 0.5 * (1 + math.cos(math.pi * (step - 4) / 16)))
        linear = warm if step < 4 else max(0.0, (20 - step) / 16)
        for name, value in (("cosine", cosine), ("linear", linear)):
            expected = index["schedules"][f"{name}_warmup4_total20"][step]
            report.check("schedules", f"{name} step {step}", value, expected, 1e-12)


class MiniLM:
    """The encoder: 6 layers of 12 heads of 32."""

    LAYERS, HEADS, WIDTH = 6, 12, 384

    def __init__(self, weights):
        self.weights = weights

    def norm(self, x, name):
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def attention(self, x, mask, name):
        batch, length, _ = x.shape
        shape = (batch, length, self.HEADS, self.WIDTH // self.HEADS)
        q, k, v = (self.linear(x, f"{name}.self.{part}").reshape(shape).swapaxes(1, 2) for part in ("query", "key", "value"))
        scores = q @ k.swapaxes(2, 3) / math.sqrt(shape[-1]) + np.where(mask[:, None, None, :] > 0, 0.0, -1e30)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        joined = (shares @ v).swapaxes(1, 2).reshape(x.shape)
        return self.norm(self.linear(joined, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")

    def feed_forward(self, x, name):
        inner = self.linear(x, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        return self.norm(self.linear(inner, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")

    def embed(self, ids, mask):
        table = {part: self.weights[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")}
        x = self.norm(table["word"][ids] + table["position"][: ids.shape[1]] + table["token_type"][0], "embeddings.LayerNorm")
        for layer in range(self.LAYERS):
            name = f"encoder.layer.{layer}"
            x = self.feed_forward(self.attention(x, mask, f"{name}.attention"), name)
        shares = mask[..., None].astype(np.float64)
        return (x * shares).sum(1) / shares.sum(1)


def merge(weights, folder):
    """W + scaling·B·A for every module of a PEFT adapter."""
    adapter = load_file(folder / "adapter_model.safetensors")
    config = json.loads((folder / "adapter_config.json").read_text())
    merged = dict(weights)
    for key, a in adapter.items():
        if key.endswith(".lora_A.weight"):
            module = key[len("base_model.model.") : -len(".lora_A.weight")]
            b = adapter[key.replace("lora_A", "lora_B")]
            merged[f"{module}.weight"] = weights[f"{module}.weight"] + config["lora_alpha"] / config["r"] * double(b) @ double(a)
    return merged


def verify_minilm(report, model_folder, sentences=6):
    minilm = GOLDEN / "minilm"
    weights = {name: double(tensor) for name, tensor in load_file(model_folder / "model.safetensors").items()}
    golden = load_file(minilm / "base_20_sentences.safetensors")
    ids, mask = golden["input_ids"][:sentences], golden["attention_mask"][:sentences]
    report.check("minilm base", "vectors", MiniLM(weights).embed(ids, mask), golden["mean_pooled"][:sentences], 5e-6)
    runs = [
        ("replay_qkv", "adapter_step20", "head_step20", "step20_eval_20_sentences"),
        ("full_qkv", "adapter", "head", "logits"),
    ]
    for run, adapter, head_file, logits_file in runs:
        head = load_file(minilm / run / f"{head_file}.safetensors")
        embedded = MiniLM(merge(weights, minilm / run / adapter)).embed(ids, mask)
        logits = embedded @ double(head["weight"]).T + double(head["bias"])
        expected = load_file(minilm / run / f"{logits_file}.safetensors")["logits_merged"][:sentences]
        report.check(f"minilm {run}", "logits", logits, expected, 5e-6)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    report = Report()
    verify_lora(report)
    verify_optimizers(report)
    verify_minilm(report, Path(sys.argv[1]))
    report.finish()


if __name__ == "__main__":
    main()
