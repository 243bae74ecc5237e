"""Golden values and gradients at zeros, infinities, NaN, subnormal and largest numbers -> vectors/special.safetensors + .json

Each operation runs in PyTorch on the CPU in float32 and, rounded at the end, in float64. The two differ where a product of
several factors leaves float32's range on the way; which order of them is right is nobody's to say, so both are stored.
Gated activations are stored in float64 alone, with their limits at ±∞, where PyTorch gives NaN for ∞·0 on some paths.
special.json says which tensors a case has: "in", "cot" (the cotangent of out), "out" and "grads" (for each one or two
tensors that may be the answer); equal ones are stored once. Bits are kept, NaN's payloads too. An optimizer's "out" holds its parameter after each of three steps.
Re-run: venv/bin/python generate_vectors_special.py
"""
import json, pathlib, warnings
import numpy as np
import torch, torch.nn.functional as F
from safetensors.numpy import save_file

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"
TENSORS, STORED, CASES = {}, {}, []
INF = float("inf")

# NaN, quiet and signalling, of both signs, with payloads in the high and low places.
NANS = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF, 0x7FA00100, 0xFF8001FF], np.uint32).view(np.float32)
# Smallest and largest subnormal, smallest normal, largest finite number.
EXTREMES = np.array([0x00000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF], np.uint32).view(np.float32)
ZEROS = np.array([0.0, -0.0], np.float32)
INFINITIES = np.array([INF, -INF], np.float32)
ORDINARY = np.array([1, -1, 0.5, -3, 15, -14.2, 88.9, -88.9, -95, 104.5, -110, 1e-20, -1e-20, 3e19, -3e19], np.float32)
SPECIAL = np.concatenate([NANS, EXTREMES, -EXTREMES, ZEROS, INFINITIES])
COTANGENTS = np.array([1, -2, 0, -0.0, INF, -INF, 1e-40, 3.4028235e38], np.float32)
COTANGENTS = np.concatenate([COTANGENTS, NANS[3:4]])


def pairs(a, b):
    """Every element of a beside every element of b."""
    return np.repeat(a, len(b)), np.tile(b, len(a))


def store(name, array):
    """Stores a tensor unless its like is there; returns the name."""
    array = np.array(array, np.float32, order="C")
    key = (array.shape, array.tobytes())
    if key not in STORED:
        STORED[key] = name
        TENSORS[name] = array
    return STORED[key]


def case(name, f, inputs, cot=None, fix=None):
    """f(*tensors) -> tensor; cot defaults to numbers between 0.5 and 1.5. `fix(inputs, cot, out, grads)` edits float64's."""
    answers = []
    for precision in (torch.float64,) if fix else (torch.float32, torch.float64):
        tensors = [torch.from_numpy(x.copy()).to(precision).requires_grad_(True) for x in inputs]
        y = f(*tensors)
        if cot is None:
            cot = 0.5 + np.arange(y.numel()) * 0.37 % 1
        cot = np.asarray(cot, np.float32).reshape(tuple(y.shape))
        y.backward(torch.from_numpy(cot.copy()).to(precision))
        out = y.detach().numpy()
        grads = [(x.grad if x.grad is not None else torch.zeros_like(x)).numpy() for x in tensors]
        if fix is not None:
            fix(inputs, cot, out, grads)
        answers.append((out, grads))
    distinct = lambda names: list(dict.fromkeys(names))
    CASES.append({
        "name": name,
        "in": [store(f"{name}/in/{i}", x) for i, x in enumerate(inputs)],
        "cot": store(f"{name}/cot", cot),
        "out": distinct(store(f"{name}/out{n or ''}", out) for n, (out, _) in enumerate(answers)),
        "grads": [distinct(store(f"{name}/grad/{i}{'b' * n}", grads[i]) for n, (_, grads) in enumerate(answers))
                  for i in range(len(inputs))],
    })


# ---- one tensor, element by element: every x with every cotangent
X, G = pairs(np.concatenate([SPECIAL, ORDINARY]), COTANGENTS)


def gated(name, f):
    """x·Φ, Φ from 0 to 1, which becomes ∞ and 0 at ±∞ with slopes 1 and 0; the slope is one factor in float32."""
    def fix(inputs, cot, out, grads):
        x = torch.from_numpy(inputs[0]).double().requires_grad_(True)
        f(x).sum().backward()
        x, slope = inputs[0], x.grad.numpy().astype(np.float32)
        out[x == INF], out[x == -INF] = INF, -0.0
        slope[x == INF], slope[x == -INF] = 1, 0
        grads[0][:] = cot * slope
    case(name, f, [X], G, fix=fix)


for name, f in [
    ("neg", torch.neg), ("abs", torch.abs), ("square", torch.square), ("exp", torch.exp), ("log", torch.log),
    ("sqrt", torch.sqrt), ("rsqrt", torch.rsqrt), ("reciprocal", torch.reciprocal), ("erf", torch.erf),
    ("sin", torch.sin), ("cos", torch.cos), ("relu", torch.relu), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh),
]:
    case(name, f, [X], G)
gated("gelu", F.gelu)
gated("gelu tanh", lambda x: F.gelu(x, approximate="tanh"))
gated("silu", F.silu)
gated("quickGelu", lambda x: x * torch.sigmoid(1.702 * x))
for exponent in (0, 1, 2, 3, 0.5, -0.5, -1, -2, -1.5, 2.5):
    case(f"pow {exponent:g}", lambda x: x**exponent, [X], G)
for name, limits in [("both", (-1, 2)), ("min", (-1, None)), ("max", (None, 2))]:
    case(f"clamp {name}", lambda x: x.clamp(*limits), [X], G)
case("dropout 0", lambda x: F.dropout(x, 0.0), [X], G)
case("dropout 1", lambda x: F.dropout(x, 1.0), [X], G)

# ---- two tensors, element by element
PAIRED = np.concatenate([NANS[:2], NANS[3:4], EXTREMES, -EXTREMES, ZEROS, INFINITIES, ORDINARY[:4]])
A, B = pairs(PAIRED, PAIRED)
CYCLED = np.resize(COTANGENTS, len(A))
for name, f in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div),
                ("maximum", torch.maximum), ("minimum", torch.minimum)]:
    case(name, f, [A, B], CYCLED)
case("mseLoss none", lambda a, b: F.mse_loss(a, b, reduction="none"), [A, B], CYCLED)

# ---- rows of seven with one special number, at each place in turn; and rows of one number
BASE = np.array([0.3, -1.2, 0.8, 2.1, -0.4, 1.1, 0.6], np.float32)


def rows(specials):
    made = []
    for special in specials:
        for place in range(len(BASE)):
            row = BASE.copy()
            row[place] = special
            made.append(row)
    return np.stack(made + [np.full_like(BASE, special) for special in specials])


PLAIN = np.concatenate([NANS[:2], NANS[3:4], EXTREMES[:3], ZEROS, INFINITIES])
ROWS = rows(PLAIN)
WIDE = rows(np.concatenate([PLAIN, EXTREMES[3:], -EXTREMES[3:], np.array([-90, -101, -110], np.float32)]))
WEIGHT = np.array([1, -0.5, 2, 0.25, 1.5, -1, 0.75], np.float32)
case("softmax last", lambda x: F.softmax(x, -1), [WIDE])
case("softmax first", lambda x: F.softmax(x, 0), [np.ascontiguousarray(WIDE.T)])
case("logSoftmax last", lambda x: F.log_softmax(x, -1), [WIDE])
case("logSoftmax first", lambda x: F.log_softmax(x, 0), [np.ascontiguousarray(WIDE.T)])
TARGETS = torch.arange(len(WIDE)) % 7
case("crossEntropy none", lambda x: F.cross_entropy(x, TARGETS, reduction="none"), [WIDE])
case("crossEntropy smoothed", lambda x: F.cross_entropy(x, TARGETS, reduction="none", label_smoothing=0.2), [WIDE])
case("crossEntropy weighted", lambda x: F.cross_entropy(
    x, TARGETS, reduction="none", weight=torch.from_numpy(abs(WEIGHT)).to(x.dtype)), [WIDE])
case("crossEntropy mean", lambda x: F.cross_entropy(x, torch.arange(14) % 7), [WIDE[:14]])


def nothing_ignored(inputs, cot, out, grads):
    """An ignored row has no gradient; PyTorch multiplies a NaN of its softmax by 0."""
    grads[0][1::2] = 0


case("crossEntropy ignored", lambda x: F.cross_entropy(
    x, torch.where(torch.arange(len(WIDE)) % 2 == 0, TARGETS, -100), reduction="none"), [WIDE], fix=nothing_ignored)
case("layerNorm", lambda x: F.layer_norm(x, (7,), eps=1e-5), [ROWS])
case("layerNorm affine", lambda x, w, b: F.layer_norm(x, (7,), w, b, 1e-5), [ROWS[:7], WEIGHT, BASE])
case("layerNorm weight", lambda x, w, b: F.layer_norm(x, (7,), w, b, 1e-5), [
    np.stack([BASE, BASE[::-1]]), np.concatenate([PLAIN[:4], INFINITIES, ZEROS[1:]]), BASE])
rms = lambda x, w: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * w
case("rmsNorm", rms, [ROWS, WEIGHT])
case("normalize", lambda x: F.normalize(x, dim=-1), [ROWS])
for name, f in [("amax", torch.amax), ("amin", torch.amin), ("sum", torch.sum), ("mean", torch.mean)]:
    for dim, x in ((-1, ROWS), (0, np.ascontiguousarray(ROWS.T))):
        case(f"{name} {'last' if dim else 'first'}", lambda x: f(x, dim), [x])
SPECIAL_COT = np.resize(COTANGENTS, len(ROWS))
case("amax cotangents", lambda x: torch.amax(x, -1), [np.resize(BASE, ROWS.shape)], SPECIAL_COT)
case("amin cotangents", lambda x: torch.amin(x, -1), [np.resize(BASE, ROWS.shape)], SPECIAL_COT)
case("meanPool", lambda x: torch.stack([x[:3].mean(0), x[3:9].mean(0), x[9:].mean(0)]), [ROWS])
case("mseLoss mean", lambda a, b: F.mse_loss(a, b), [np.concatenate([BASE, INFINITIES]), np.concatenate([BASE, INFINITIES])])

# ---- products; no largest numbers, whose overflow depends on the order of the sum
def products(*shapes):
    """Batches of operands, each with one special number at one place."""
    rng = np.random.default_rng(7)
    plain = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    made = []
    for which, shape in enumerate(shapes):
        for i, special in enumerate(np.concatenate([NANS[:2], NANS[3:4], EXTREMES[:2], ZEROS[1:], INFINITIES])):
            batch = [x.copy() for x in plain]
            batch[which].reshape(-1)[(i * 5 + which) % int(np.prod(shape))] = special
            made.append(batch)
    return [np.stack([batch[i] for batch in made]) for i in range(len(shapes))]


case("matmul", lambda a, b: a @ b, products((5, 7), (7, 6)))
W, BIAS = np.linspace(-1, 1, 42, dtype=np.float32).reshape(7, 6), np.array([NANS[0], INF, 0, 1, -0.0, 1e-40], np.float32)
case("linear", lambda x, w, b: x @ w + b, [ROWS, W, BIAS])
DOWN, UP = np.linspace(-1, 0.7, 14, dtype=np.float32).reshape(7, 2), np.linspace(0.5, -1, 12, dtype=np.float32).reshape(2, 6)
SICK_DOWN, SICK_UP = DOWN.copy(), UP.copy()
SICK_DOWN[3, 1], SICK_UP[1, 4] = NANS[3], NANS[1]
lora = lambda x, w, a, b: x @ w + 1.5 * (x @ a @ b)
case("loraLinear x", lora, [ROWS, W, DOWN, UP])
case("loraLinear A", lora, [np.stack([BASE] * 5), W, SICK_DOWN, UP])
case("loraLinear B", lora, [np.stack([BASE] * 5), W, DOWN, SICK_UP])
attend = lambda q, k, v: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
case("scaledDotProductAttention", attend, [x[:, None] for x in products((5, 5), (6, 5), (6, 5))])
QKV = np.concatenate(products((5, 3, 8)), 0)[:, :, :].reshape(-1, 24)


def ragged(qkv):
    parts = qkv.reshape(-1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
    return attend(*parts).permute(0, 2, 1, 3).reshape(-1, 8)


case("raggedAttention", ragged, [QKV])
TABLED = products((5, 24), (5, 8), (5, 8))
BUCKETS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3])[torch.arange(5)[:, None] - torch.arange(5)[None, :] + 4]


def disentangled(qkv, c2p, p2c):
    q, k, v = qkv.reshape(-1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
    by_query, by_key = (table.reshape(-1, 5, 2, 4).permute(0, 2, 1, 3) for table in (c2p, p2c))
    index = BUCKETS.expand(*by_query.shape[:2], 5, 5)
    scores = q @ k.mT + by_query.gather(3, index) + by_key.gather(3, index.mT).mT
    return (torch.softmax(scores / 2, -1) @ v).permute(0, 2, 1, 3).reshape(-1, 8)


case("disentangledAttention", disentangled, [x.reshape(-1, x.shape[-1]) for x in TABLED])

# ---- moves: bits go through, gradients add up
case("embedding", lambda w: F.embedding(torch.tensor([4, 60, 4, 4]), w), [ROWS])
case("gather", lambda x: torch.gather(x, 1, torch.tensor([[0, 6, 6]] * len(ROWS))), [ROWS])
case("indexSelect", lambda x: x.index_select(1, torch.tensor([4, 0, 4])), [ROWS])
case("slice", lambda x: x[:, 1:7:2], [ROWS])
case("concat", lambda a, b: torch.cat([a, b], 1), [ROWS, ROWS[:, ::-1].copy()])
case("pad", lambda x: F.pad(x, (1, 2), value=INF), [ROWS])
case("expand", lambda x: x[:, None].expand(len(x), 3, 7), [ROWS], np.resize(COTANGENTS, len(ROWS) * 21))
case("permute", lambda x: x.reshape(2, -1, 7).permute(2, 0, 1), [ROWS])
case("transpose", lambda x: x.mT, [ROWS])
case("reshape", lambda x: x.reshape(7, -1), [ROWS], np.resize(COTANGENTS, ROWS.size))

# ---- optimizers: every parameter with every gradient, three steps, in float32
P, PG = pairs(np.array([1, -0.0, INF, -INF, NANS[1], 1e-40, 3e38], np.float32), COTANGENTS)
SGD, ADAMW = torch.optim.SGD, torch.optim.AdamW
for name, kind, options in [
    ("sgd", SGD, dict(lr=0.1)), ("sgd momentum", SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.1)),
    ("sgd nesterov", SGD, dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("adamw", ADAMW, dict(lr=0.1)), ("adamw plain", ADAMW, dict(lr=0.1, weight_decay=0)),
    ("adamw amsgrad", ADAMW, dict(lr=0.1, amsgrad=True)),
]:
    parameter = torch.nn.Parameter(torch.from_numpy(P.copy()))
    optimizer = kind([parameter], foreach=False, **options)
    steps = []
    for step in range(3):
        parameter.grad = torch.from_numpy(PG.copy() if step == 1 else np.roll(PG, step).copy())
        optimizer.step()
        steps.append(parameter.detach().numpy().copy())
    CASES.append({
        "name": f"optimizer {name}",
        "options": options,
        "in": [store("optimizer/parameter", P), store("optimizer/gradient", PG)],
        "out": store(f"optimizer {name}/out", np.stack(steps)),
    })

# ---- clipping: gradients of two parameters
CLIPPED = [("nan", [NANS[3], 1, -2], 1.0), ("infinite", [INF, 1, -2], 1.0), ("no limit", [3, 1, -2], INF),
           ("infinite, no limit", [-INF, 1, -2], INF), ("zero", [0, -0.0, 0], 1.0), ("large", [3e18, 1, -2], 1.0)]
for name, first, limit in CLIPPED:
    parameters = [torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(2))]
    gradients = [np.array(first, np.float32), np.array([0, 0] if name == "zero" else [1, 2], np.float32)]
    for i, parameter in enumerate(parameters):
        parameter.grad = torch.from_numpy(gradients[i].copy())
    norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
    CASES.append({
        "name": f"clip norm {name}",
        "limit": "infinite" if limit == INF else limit,
        "in": [store(f"clip norm {name}/in/{i}", gradient) for i, gradient in enumerate(gradients)],
        "norm": store(f"clip norm {name}/norm", norm.numpy().reshape(1)),
        "outs": [store(f"clip norm {name}/out/{i}", p.grad.numpy()) for i, p in enumerate(parameters)],
    })
parameter = torch.nn.Parameter(torch.zeros(len(SPECIAL)))
parameter.grad = torch.from_numpy(SPECIAL.copy())
torch.nn.utils.clip_grad_value_([parameter], 0.5)
CASES.append({
    "name": "clip value",
    "limit": 0.5,
    "in": [store("clip value/in/0", SPECIAL)],
    "outs": [store("clip value/out/0", parameter.grad.numpy())],
})

save_file(TENSORS, OUT / "special.safetensors")
with open(OUT / "special.json", "w") as file:
    json.dump({"torch": torch.__version__, "cases": CASES}, file, indent=0)
    file.write("\n")
size = (OUT / "special.safetensors").stat().st_size
print(len(CASES), "cases", len(TENSORS), "tensors", size, "bytes")
