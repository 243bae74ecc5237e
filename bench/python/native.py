"""numpy or torch on the CPU, timed on request: native.py numpy|torch THREADS.

"matmul", "lora step" and "block" make a case the current one and answer with its error against double precision (nothing
where there is no such case); "sample" times it.
"""

import os
import sys

peer, threads = sys.argv[1], sys.argv[2]
os.environ.update(OPENBLAS_NUM_THREADS=threads, MKL_NUM_THREADS=threads, OMP_NUM_THREADS=threads)

import numpy as np  # noqa: E402: the number of threads is read when it loads
from answer import answer, milliseconds  # noqa: E402
from data import BETA1, BETA2, BLOCK, EPS, LR, SCALING, block_data, lora_data, random_array  # noqa: E402

if peer == "torch":
    import torch

    torch.set_num_threads(int(threads))


def relative_error(got, expected):
    return float(np.abs(np.asarray(got, np.float64) - expected).max() / np.abs(expected).max())


def matmul(m, k, n, transpose_a, transpose_b):
    a = random_array(m * k, 1).reshape((k, m) if transpose_a else (m, k))
    b = random_array(k * n, 2).reshape((n, k) if transpose_b else (k, n))
    a, b = a.T if transpose_a else a, b.T if transpose_b else b
    expected = a.astype(np.float64) @ b.astype(np.float64)
    if peer == "torch":
        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        return lambda: torch.mm(ta, tb), lambda c: relative_error(c.numpy(), expected)
    c = np.empty((m, n), np.float32)
    return lambda: np.matmul(a, b, out=c), lambda c: relative_error(c, expected)


def adapted(z, layer):
    return z @ layer["weight"] + (z @ layer["a"]) @ layer["b"] * SCALING + layer["bias"]


def trainable(layer):
    for name in layer:
        layer[name] = torch.from_numpy(layer[name]).requires_grad_(name in "ab")
    return [layer["a"], layer["b"]]


def torch_trainer(loss_of, x, params):
    optimizer = torch.optim.AdamW(params, lr=LR, betas=(BETA1, BETA2), eps=EPS, weight_decay=0.0)

    def run():
        optimizer.zero_grad(set_to_none=True)
        x.grad = None
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    return run


def lora_step(rows, n_in, n_out, rank):
    data = lora_data(rows, n_in, n_out, rank)
    wide = {name: value.astype(np.float64) for name, value in data.items()}
    error = adapted(wide["x"], wide) - wide["target"]
    g = 2 * error / error.size
    grad_u = g @ wide["b"].T * SCALING
    grad_x = g @ wide["weight"].T + grad_u @ wide["a"].T
    grad_a, grad_b = wide["x"].T @ grad_u, (wide["x"] @ wide["a"]).T @ g * SCALING
    if peer == "torch":
        x, target = torch.from_numpy(data.pop("x")).requires_grad_(), torch.from_numpy(data.pop("target"))
        params = trainable(data)
        run = torch_trainer(lambda: ((adapted(x, data) - target) ** 2).mean(), x, params)
        pairs = lambda: zip((x.grad, *(p.grad for p in params)), (grad_x, grad_a, grad_b))  # noqa: E731
        return run, lambda _: max(relative_error(got.numpy(), expected) for got, expected in pairs())
    run = numpy_lora_step(**data)
    return run, lambda got: max(map(relative_error, got, (grad_x, grad_a, grad_b)))


def numpy_lora_step(x, target, weight, bias, a, b):
    moments = {id(p): (np.zeros_like(p), np.zeros_like(p)) for p in (a, b)}
    f, count = np.float32, 0

    def run():
        nonlocal count
        count += 1
        u = x @ a
        g = (x @ weight + u @ b * f(SCALING) + bias - target) * f(2 / target.size)
        grad_u = g @ b.T * f(SCALING)
        grad_x, grad_a, grad_b = g @ weight.T + grad_u @ a.T, x.T @ grad_u, u.T @ g * f(SCALING)
        for p, gradient in ((a, grad_a), (b, grad_b)):
            m, v = moments[id(p)]
            m += f(1 - BETA1) * (gradient - m)
            v += f(1 - BETA2) * (gradient * gradient - v)
            p -= f(LR / (1 - BETA1**count)) * m / (np.sqrt(v / f(1 - BETA2**count)) + f(EPS))
        return grad_x, grad_a, grad_b

    return run


def block(rows, hidden, heads, intermediate, rank):
    """torch's own gradients in double precision are what single precision is held against."""
    if peer != "torch":
        return None
    F = torch.nn.functional

    def build(dtype):
        data = block_data(rows, hidden, heads, intermediate, rank)
        x = torch.from_numpy(data["x"]).to(dtype).requires_grad_()
        target = torch.from_numpy(data["target"]).to(dtype)
        norms = [[torch.from_numpy(v).to(dtype) for v in norm] for norm in data["norms"]]
        layers, params = data["layers"], []
        for layer in layers.values():
            for name in layer:
                layer[name] = torch.from_numpy(layer[name]).to(dtype).requires_grad_(name in "ab")
            params += [layer["a"], layer["b"]]

        def loss():
            split = lambda z: z.reshape(rows, heads, hidden // heads).transpose(0, 1)[None]  # noqa: E731
            h = F.layer_norm(x, (hidden,), *norms[0], 1e-5)
            q, k, v = (split(adapted(h, layers[name])) for name in ("query", "key", "value"))
            mixed = F.scaled_dot_product_attention(q, k, v)[0].transpose(0, 1).reshape(rows, hidden)
            y = x + adapted(mixed, layers["output"])
            inner = F.gelu(adapted(F.layer_norm(y, (hidden,), *norms[1], 1e-5), layers["up"]))
            return ((y + adapted(inner, layers["down"]) - target) ** 2).mean()

        return loss, x, params

    exact, exact_x, exact_params = build(torch.float64)
    exact().backward()
    loss, x, params = build(torch.float32)
    run = torch_trainer(loss, x, params)
    error = lambda got, expected: relative_error(got.grad.numpy(), expected.grad.numpy())  # noqa: E731
    return run, lambda _: max(error(x, exact_x), *map(error, params, exact_params))


current = None


def opened(case):
    """Runs the new case once, and answers with its error."""
    global current
    if case is None:
        return {}
    current, error = case
    return {"error": error(current())}


answer(
    {
        "hello": lambda _: {},
        "matmul": lambda c: opened(matmul(*c["shape"], c["transposeA"], c["transposeB"])),
        "lora step": lambda c: opened(lora_step(*c["shape"])),
        "block": lambda c: opened(block(**c["shape"])),
        "sample": lambda c: {"ms": milliseconds(current, c["count"])},
    }
)
