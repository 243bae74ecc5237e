"""Every op of ts/ops/all.ts in PyTorch: a function of operands and attributes."""

import math

import torch
import torch.nn.functional as F


# An op is called with its operands, its attributes, and a function that rounds: for what a kernel keeps in between.


def unary(f):
    return lambda x, *_: f(x[0])


def binary(f):
    return lambda x, *_: f(x[0], x[1])


def reduction(f):
    def run(x, attributes, _):
        dim, keep = attributes.get("dim"), attributes.get("keepDim", False)
        dims = list(range(x[0].dim())) if dim is None else dim if isinstance(dim, list) else [dim]
        # To PyTorch no dimension means all.
        return f(x[0], dims, keep) if dims else x[0] * 1

    return run


def near_ties(x, chosen, rounded):
    """x, in all but the exact run with what is within two units in the last place of `chosen` made equal to it.

    Kernels are exact to a unit or so: which of such numbers is the largest, or that two are, is no matter of their values.
    erf(3.81), 1 − 7e-8, is 1 to ours, and shares the gradient of amax with erf(4).
    """
    if rounded(x) is x:
        return x
    return torch.where((x - chosen).abs() <= 2**-22 * chosen.abs(), chosen.detach() + (x - x.detach()), x)


def extreme(f):
    def run(x, attributes, rounded):
        reduced = reduction(f)
        chosen = reduced(x, {**attributes, "keepDim": True}, rounded)
        return reduced([near_ties(x[0], chosen, rounded)], attributes, rounded)

    return run


def larger_or_smaller(f):
    return lambda x, _, rounded: f(*(near_ties(part, f(*x), rounded) for part in x))


def cross_entropy(x, attributes, rounded):
    logits = x[0].reshape(-1, x[0].shape[-1])
    rows, classes = logits.shape
    targets = torch.tensor(attributes["targets"], dtype=torch.long)
    ignored = attributes.get("ignoreIndex", -100)
    kind = attributes.get("reduction", "mean")
    smoothing = attributes.get("labelSmoothing", 0.0)
    weight = torch.tensor(attributes.get("weight", [1.0] * classes), dtype=torch.float64)
    counted = targets != ignored
    chosen = torch.where(counted, targets, 0)
    # As F.cross_entropy, but with what the gradient subtracts rounded one by one.
    log_p = rounded(logits) - rounded(torch.logsumexp(rounded(logits), -1, keepdim=True))
    hit = -weight[chosen] * log_p[torch.arange(rows), chosen]
    spread = -(weight * log_p).sum(-1) / classes
    losses = (rounded((1 - smoothing) * hit) + rounded(smoothing * spread)) * counted
    if kind == "none":
        return losses.reshape(x[0].shape[:-1])
    total = weight[chosen][counted].sum()
    # PyTorch's mean of nothing is NaN, ours 0.
    loss = losses.sum() if kind == "sum" else losses.sum() / total if counted.any() else logits.sum() * 0
    if kind == "sum" or counted.any():
        options = {"weight": weight, "ignore_index": ignored, "reduction": kind, "label_smoothing": smoothing}
        assert torch.allclose(loss, F.cross_entropy(logits, targets, **options), rtol=1e-5, atol=1e-5)
    return loss


def embedding(x, attributes, _):
    indices = torch.tensor(attributes["indices"], dtype=torch.long)
    shape = attributes.get("shape", [len(attributes["indices"])])
    return F.embedding(indices.reshape(shape), x[0], padding_idx=attributes.get("paddingIndex"))


def gather(x, attributes, _):
    indices = torch.tensor(attributes["indices"], dtype=torch.long).reshape(attributes["shape"])
    return torch.gather(x[0], attributes["dim"], indices)


def index_select(x, attributes, _):
    return x[0].index_select(attributes["dim"], torch.tensor(attributes["indices"], dtype=torch.long))


def slice_(x, attributes, _):
    dim = attributes["dim"]
    cut = slice(attributes.get("start"), attributes.get("end"), attributes.get("step"))
    return x[0].index_select(dim, torch.tensor(list(range(x[0].shape[dim])[cut]), dtype=torch.long))


def pad(x, attributes, _):
    dim = attributes["dim"] % x[0].dim()

    def places(count):
        shape = list(x[0].shape)
        shape[dim] = count
        return torch.full(shape, float(attributes.get("value", 0)), dtype=torch.float64)

    return torch.cat([places(attributes.get("before", 0)), x[0], places(attributes.get("after", 0))], dim)


def layer_norm(x, attributes, rounded):
    shape = attributes.get("normalizedShape", list(x[1].shape) if len(x) > 1 else [x[0].shape[-1]])
    dims = list(range(-len(shape), 0))
    # What the mean is rounded by stays in every difference from it, however small that is. Each use is rounded by itself:
    # the gradient subtracts what the uses give, and little is left where a row is short or the loss blind to its scale.
    centred = rounded(x[0]) - rounded(x[0].mean(dims, keepdim=True))
    rstd = rounded(torch.rsqrt(rounded(rounded(centred).square().mean(dims, keepdim=True)) + attributes.get("eps", 1e-5)))
    y = rounded(rounded(centred) * rstd)
    y = y * x[1] if len(x) > 1 else y
    return y + x[2] if len(x) > 2 else y


def rms_norm(x, attributes, rounded):
    mean = rounded(rounded(x[0]).square().mean(-1, keepdim=True))
    return rounded(rounded(x[0]) * rounded(torch.rsqrt(mean + attributes.get("eps", 1e-6)))) * x[1]


def normalize(x, attributes, rounded):
    norm = rounded(torch.linalg.vector_norm(rounded(x[0]), dim=-1, keepdim=True))
    return rounded(x[0]) / norm.clamp_min(attributes.get("eps", 1e-12))


class OfResult(torch.autograd.Function):
    """y, with the gradient g·slope: for functions whose gradient is computed from their rounded result."""

    @staticmethod
    def forward(context, x, y, slope):
        context.save_for_backward(slope)
        return y

    @staticmethod
    def backward(context, gradient):
        return gradient * context.saved_tensors[0], None, None


def of_result(f, slope):
    def run(x, _, rounded):
        y = rounded(f(x[0].detach()))
        return OfResult.apply(x[0], y, slope(y))

    return run


class Softmax(torch.autograd.Function):
    """y, the softmax of x or its logarithm, with the gradient as it is computed from y: y·(g − Σ g·y), or g − e^y·Σ g.

    y and the sum are rounded there. Where one y is close to 1, its g is close to the sum, and the little that is left of
    the two is off by as much as they are rounded by: by 2⁻²⁵ / (1 − y) of itself for y alone. e^y of a logarithm is off by
    |y| times what y is.
    """

    @staticmethod
    def forward(context, x, dim, log, rounded):
        y = F.log_softmax(x, dim) if log else F.softmax(x, dim)
        # 1·g is g: what has no other term is exact.
        alone = torch.tensor(x.shape[dim] == 1) if log else (y == 1).any(dim, keepdim=True)
        context.rounded = lambda number: torch.where(alone, number, rounded(number))
        context.dim, context.log = dim, log
        context.save_for_backward(context.rounded(y))
        return y

    @staticmethod
    def backward(context, g):
        (y,), rounded = context.saved_tensors, context.rounded
        total = rounded(rounded(g if context.log else g * y).sum(context.dim, keepdim=True))
        return (g - rounded(y.exp()) * total if context.log else y * (g - total)), None, None, None


def gelu(x, attributes, _):
    # F.gelu loses the tail to 1 + erf and 1 + tanh: at x = −8 all of it.
    if attributes.get("approximate") == "tanh":
        return x[0] * torch.sigmoid(math.sqrt(8 / math.pi) * (x[0] + 0.044715 * x[0] ** 3))
    return x[0] * torch.erfc(-x[0] / math.sqrt(2)) / 2


def linear(x, *_):
    return x[0] @ x[1] + x[2] if len(x) > 2 else x[0] @ x[1]


def lora_linear(x, attributes, _):
    rest = list(x[2:])
    y = x[0] @ x[1]
    if attributes["bias"]:
        y = y + rest.pop(0)
    seen = x[0]
    if attributes["adapterInput"]:
        seen = rest.pop(0)
        # Without adapters its gradient is zero, not missing.
        y = y + 0 * seen.sum()
    for adapter in attributes["adapters"]:
        a, b = rest.pop(0), rest.pop(0)
        start, width = adapter["start"], adapter["width"]
        update = F.pad(adapter["scaling"] * (seen @ a @ b), (start, x[1].shape[1] - start - width))
        if "rows" in adapter:
            row = torch.arange(y.numel() // max(y.shape[-1], 1)).reshape(*y.shape[:-1], 1)
            own = (row >= adapter["rows"]["start"]) & (row < adapter["rows"]["end"])
            update = torch.where(own, update, torch.zeros_like(update))
        y = y + update
    return y


def matmul(x, attributes, _):
    a = x[0].transpose(-1, -2) if attributes.get("transposeA") else x[0]
    b = x[1].transpose(-1, -2) if attributes.get("transposeB") else x[1]
    return torch.matmul(a, b)


def sequences(offsets):
    return zip(offsets, offsets[1:])


def mean_pool(x, attributes, _):
    width = x[0].shape[1]
    rows = [
        x[0][start:end].mean(0) if end > start else torch.zeros(width, dtype=torch.float64)
        for start, end in sequences(attributes["offsets"])
    ]
    return torch.stack(rows) + 0 * x[0].sum() if rows else x[0].reshape(0, width)


def attend(q, k, v, allowed, scale, rounded, bias=0):
    """q `[…, T, d]`, k and v `[…, S, d]`, allowed `[…, T, S]`. A query that may see no key gives 0."""
    scores = rounded(scale * (q @ k.transpose(-1, -2)) + bias).masked_fill(~allowed, -1e300)
    return (Softmax.apply(scores, -1, False, rounded) * allowed) @ v


def causal(rows, keys):
    return torch.ones(rows, keys, dtype=torch.bool).tril()


def distances(length):
    """i - j of each query i and key j."""
    return torch.arange(length)[:, None] - torch.arange(length)[None, :]


def ragged_attention(x, attributes, rounded):
    heads = attributes["heads"]
    hidden = x[0].shape[1] // 3
    d = hidden // heads
    scale = attributes.get("scale", 1 / math.sqrt(max(d, 1)))
    parts = [x[0][:0, :hidden]]
    for start, end in sequences(attributes["offsets"]):
        q, k, v = (
            x[0][start:end, i * hidden : (i + 1) * hidden].reshape(end - start, heads, d).transpose(0, 1) for i in range(3)
        )
        allowed = torch.ones(end - start, end - start, dtype=torch.bool)
        if attributes.get("causal"):
            allowed = causal(end - start, end - start)
        distance = distances(end - start)
        if "window" in attributes:
            allowed = allowed & (distance.abs() <= attributes["window"])
        bias = 0
        if "distanceBias" in attributes:
            table = torch.tensor(attributes["distanceBias"], dtype=x[0].dtype).reshape(heads, -1)
            bias = table[:, distance + table.shape[1] // 2]
        if "buckets" in attributes:
            tables = x[1:]
            buckets = torch.tensor(attributes["buckets"])[distance + len(attributes["buckets"]) // 2]
            rows = [table[start:end].reshape(end - start, heads, table.shape[1] // heads).transpose(0, 1) for table in tables]
            index = buckets.expand(heads, -1, -1)
            if attributes["c2p"]:
                bias = bias + scale * rows[0].gather(2, index)
            if attributes["p2c"]:
                bias = bias + scale * rows[-1].gather(2, index.mT).mT
        parts.append(attend(q, k, v, allowed, scale, rounded, bias).transpose(0, 1).reshape(end - start, hidden))
    return torch.cat(parts)


def attention(x, attributes, rounded):
    q, k, v = x
    batch, heads, rows, d = q.shape
    keys = k.shape[2]
    k, v = (part.repeat_interleave(heads // k.shape[1], 1) for part in (k, v))
    allowed = torch.ones(batch, 1, rows, keys, dtype=torch.bool)
    if attributes.get("causal"):
        allowed = allowed & causal(rows, keys)
    if "mask" in attributes:
        allowed = allowed & (torch.tensor(attributes["mask"]).reshape(batch, 1, 1, keys) != 0)
    return attend(q, k, v, allowed, attributes.get("scale", 1 / math.sqrt(max(d, 1))), rounded)


def dropout(x, attributes, _):
    if attributes["mask"] is None:
        return x[0] * 1
    kept = torch.tensor([float(bit) for bit in attributes["mask"]["kept"]], dtype=torch.float64)
    return x[0] * (kept * attributes["mask"]["factor"]).reshape(x[0].shape)


OPS = {
    "abs": unary(torch.abs),
    "add": binary(torch.add),
    "amax": extreme(lambda x, dims, keep: torch.amax(x, dims, keep)),
    "amin": extreme(lambda x, dims, keep: torch.amin(x, dims, keep)),
    "clamp": lambda x, a, _: torch.clamp(x[0], a.get("min"), a.get("max")) if a else x[0] * 1,
    "concat": lambda x, a, _: torch.cat(x, a["dim"]),
    "cos": unary(torch.cos),
    "crossEntropy": cross_entropy,
    "disentangledAttention": ragged_attention,
    "div": binary(torch.div),
    "dropout": dropout,
    "embedding": embedding,
    "erf": unary(torch.erf),
    "exp": unary(torch.exp),
    "expand": lambda x, a, _: x[0].expand(a["shape"]),
    "gather": gather,
    "gelu": gelu,
    "indexSelect": index_select,
    "layerNorm": layer_norm,
    "linear": linear,
    "log": unary(torch.log),
    "logSoftmax": lambda x, a, rounded: Softmax.apply(x[0], a["dim"], True, rounded),
    "loraLinear": lora_linear,
    "matmul": matmul,
    "maximum": larger_or_smaller(torch.maximum),
    "mean": reduction(lambda x, dims, keep: torch.mean(x, dims, keep)),
    "meanPool": mean_pool,
    "minimum": larger_or_smaller(torch.minimum),
    "mseLoss": lambda x, a, _: F.mse_loss(x[0], x[1], reduction=a.get("reduction", "mean")),
    "mul": binary(torch.mul),
    "neg": unary(torch.neg),
    "normalize": normalize,
    "pad": pad,
    "permute": lambda x, a, _: x[0].permute(a["dims"]),
    "pow": lambda x, a, _: torch.pow(x[0], a["exponent"]),
    "quickGelu": unary(lambda x: x * torch.sigmoid(1.702 * x)),
    "raggedAttention": ragged_attention,
    "reciprocal": unary(torch.reciprocal),
    "relu": unary(torch.relu),
    "reshape": lambda x, a, _: x[0].reshape(a["shape"]),
    "rmsNorm": rms_norm,
    "rsqrt": unary(torch.rsqrt),
    "scaledDotProductAttention": attention,
    "sigmoid": of_result(torch.sigmoid, lambda y: y * (1 - y)),
    "silu": unary(F.silu),
    "sin": unary(torch.sin),
    "slice": slice_,
    "softmax": lambda x, a, rounded: Softmax.apply(x[0], a["dim"], False, rounded),
    "sqrt": unary(torch.sqrt),
    "square": unary(torch.square),
    "sub": binary(torch.sub),
    "sum": reduction(lambda x, dims, keep: torch.sum(x, dims, keep)),
    "tanh": of_result(torch.tanh, lambda y: 1 - y * y),
    "transpose": lambda x, a, _: x[0].transpose(a["dim0"], a["dim1"]),
}
