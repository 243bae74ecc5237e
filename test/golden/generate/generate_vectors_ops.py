"""Golden forward/backward vectors of tensor operations -> vectors/ops.safetensors + vectors/ops.json

Inputs are float32 normals (fixed seed per case); the operation and its backward are computed in float64 by
PyTorch from exactly those inputs and rounded to float32. `torch_f32_err` in ops.json is the largest |a-b|/max(1,|a|)
of PyTorch's own float32 run against that (out and every grad): a yardstick for tolerances.
Tensor names: <case>/in/<arg>, <case>/out, <case>/cot (cotangent of out), <case>/grad/<arg>.
Integer/bool inputs are stored as I32 / U8 under <case>/in/<arg> and have no grad.
Re-run: venv/bin/python generate_vectors_ops.py
"""
import json, math, pathlib, zlib
import torch, torch.nn.functional as F
from safetensors.torch import save_file
OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"; OUT.mkdir(exist_ok=True)
T, META = {}, []

class Rng:
    def __init__(s, name): s.g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    def n(s, *shape, scale=1.0): return torch.randn(shape, generator=s.g) * scale
    def u(s, *shape, lo=0.5, hi=2.0): return torch.rand(shape, generator=s.g) * (hi - lo) + lo
    def i(s, hi, *shape, lo=0): return torch.randint(lo, hi, shape, generator=s.g)

def case(name, op, fn, make, **params):
    """make(rng) -> dict of inputs; fn(**inputs) -> tensor"""
    r = Rng(name); inp = make(r)
    fl = {k: v for k, v in inp.items() if v.is_floating_point()}
    runs = {}
    cot = None
    for dt in (torch.float64, torch.float32):
        a = {k: (v.to(dt).clone().requires_grad_(True) if k in fl else v) for k, v in inp.items()}
        y = fn(**a)
        if cot is None: cot = r.n(*y.shape)
        y.backward(cot.to(dt))
        runs[dt] = (y.detach(), {k: (a[k].grad if a[k].grad is not None else torch.zeros_like(a[k])) for k in fl})
    y, g = runs[torch.float64]; y32, g32 = runs[torch.float32]
    err = lambda p, q: float(((p.double() - q.double()).abs() / p.double().abs().clamp(min=1)).nan_to_num(0).max()) if p.numel() else 0.0
    for k, v in inp.items():
        T[f"{name}/in/{k}"] = v.clone().contiguous() if k in fl else (v.to(torch.uint8) if v.dtype == torch.bool else v.to(torch.int32)).contiguous()
    T[f"{name}/out"] = y.float().contiguous(); T[f"{name}/cot"] = cot.contiguous()
    for k in fl: T[f"{name}/grad/{k}"] = g[k].float().contiguous()
    META.append({"name": name, "op": op, "params": params, "inputs": {k: list(v.shape) for k, v in inp.items()}, "out_shape": list(y.shape),
                 "grads": list(fl), "torch_f32_err": max([err(y, y32)] + [err(g[k], g32[k]) for k in fl])})

# ---- matmul / linear
for nm, sa, sb in [("2d", (4, 5), (5, 3)), ("2d_odd", (33, 65), (65, 17)), ("2d_big", (96, 128), (128, 64)), ("2d_row1", (1, 7), (7, 1)),
                   ("batched4d", (2, 3, 4, 5), (2, 3, 5, 6)), ("bcast_batch", (2, 1, 4, 5), (3, 5, 6)), ("3dx2d", (2, 7, 5), (5, 4)), ("2dx3d", (4, 5), (3, 5, 2)),
                   ("vecvec", (6,), (6,)), ("matvec", (4, 6), (6,)), ("vecmat", (6,), (6, 3))]:
    case(f"matmul_{nm}", "matmul", lambda a, b: a @ b, lambda r, sa=sa, sb=sb: {"a": r.n(*sa), "b": r.n(*sb)})
case("matmul_tA", "matmul", lambda a, b: a.mT @ b, lambda r: {"a": r.n(5, 4), "b": r.n(5, 3)}, transposeA=True)
case("matmul_tB", "matmul", lambda a, b: a @ b.mT, lambda r: {"a": r.n(2, 4, 5), "b": r.n(2, 3, 5)}, transposeB=True)
case("matmul_tAtB", "matmul", lambda a, b: a.mT @ b.mT, lambda r: {"a": r.n(2, 5, 4), "b": r.n(2, 3, 5)}, transposeA=True, transposeB=True)
case("linear_bias", "linear", lambda x, w, b: F.linear(x, w, b), lambda r: {"x": r.n(2, 5, 8), "w": r.n(6, 8), "b": r.n(6)}, weight_layout="[out,in]")
case("linear_nobias", "linear", lambda x, w: F.linear(x, w), lambda r: {"x": r.n(3, 8), "w": r.n(6, 8)}, weight_layout="[out,in]")
# ---- elementwise binary with broadcasting
shapes = [("same", (3, 4), (3, 4)), ("row", (3, 4), (4,)), ("col", (3, 4), (3, 1)), ("outer", (4, 1), (1, 5)), ("3d", (2, 3, 4), (3, 1)), ("both", (2, 1, 4), (3, 1)), ("scalar", (2, 3), ()), ("leadnew", (3,), (2, 4, 3))]
for op, fn in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div), ("maximum", torch.maximum), ("minimum", torch.minimum)]:
    for nm, sa, sb in shapes:
        case(f"{op}_{nm}", op, lambda a, b, fn=fn: fn(a, b), lambda r, sa=sa, sb=sb, op=op: {"a": r.n(*sa), "b": r.u(*sb) if op == "div" else r.n(*sb)})
case("div_negative_denominator", "div", lambda a, b: a / b, lambda r: {"a": r.n(4, 5), "b": -r.u(4, 5)})
case("pow_tensor", "pow", lambda a, b: a ** b, lambda r: {"a": r.u(4, 5), "b": r.n(4, 5)})
case("add_self_reuse", "x*x+x", lambda x: x * x + x, lambda r: {"x": r.n(4, 5)})
# ---- unary
ext = lambda r: {"x": torch.cat([r.n(20), torch.tensor([0.0, -0.0, 1e-6, -1e-6, 3.0, -3.0, 6.0, -6.0, 10.0, -10.0, 20.0, -20.0, 50.0, -50.0, 88.0, -88.0])])}
for op, fn in [("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("relu", torch.relu), ("gelu_erf", F.gelu), ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")), ("silu", F.silu),
               ("softplus", F.softplus), ("logsigmoid", F.logsigmoid), ("erf", torch.erf), ("neg", torch.neg), ("abs", torch.abs), ("square", torch.square), ("sin", torch.sin), ("cos", torch.cos),
               ("leaky_relu", lambda x: F.leaky_relu(x, 0.01)), ("elu", F.elu), ("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x)), ("gelu_new", lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))))]:
    case(op, op, lambda x, fn=fn: fn(x), lambda r: ext(r))
case("exp", "exp", lambda x: x.exp(), lambda r: {"x": torch.cat([r.n(20), torch.tensor([0., 1., -1., 10., -10., -50., -87.])])})
for op, fn in [("log", torch.log), ("sqrt", torch.sqrt), ("rsqrt", torch.rsqrt), ("reciprocal", torch.reciprocal), ("log1p", torch.log1p)]:
    case(op, op, lambda x, fn=fn: fn(x), lambda r: {"x": torch.cat([r.u(20, lo=0.05, hi=5), torch.tensor([1e-3, 1., 100., 1e4])])})
for p in (2.0, 3.0, 0.5, -1.0): case(f"pow_{p}", "pow", lambda x, p=p: x ** p, lambda r: {"x": r.u(12)}, exponent=p)
case("clamp", "clamp", lambda x: x.clamp(-0.5, 1.0), lambda r: {"x": r.n(40)}, min=-0.5, max=1.0)
case("where", "where", lambda c, a, b: torch.where(c, a, b), lambda r: {"c": r.n(4, 5) > 0, "a": r.n(4, 5), "b": r.n(5)})
case("masked_fill", "masked_fill", lambda x, m: x.masked_fill(m, -1e9), lambda r: {"x": r.n(3, 4), "m": r.n(3, 4) > 0.5}, value=-1e9)
# ---- softmax family
for nm, sh, d in [("last", (3, 7), -1), ("dim0", (4, 5), 0), ("mid", (2, 5, 3), 1), ("4d", (2, 2, 4, 6), -1), ("len1", (3, 1), -1)]:
    for op, fn in [("softmax", torch.softmax), ("log_softmax", torch.log_softmax), ("logsumexp", torch.logsumexp)]:
        case(f"{op}_{nm}", op, lambda x, fn=fn, d=d: fn(x, d), lambda r, sh=sh: {"x": r.n(*sh)}, dim=d)
for op, fn in [("softmax", torch.softmax), ("log_softmax", torch.log_softmax), ("logsumexp", torch.logsumexp)]:
    case(f"{op}_large_logits", op, lambda x, fn=fn: fn(x, -1), lambda r: {"x": torch.cat([r.n(2, 6, scale=1000.), torch.tensor([[1e4, 1e4, -1e4, 0, 0, 9999.]])])}, dim=-1)
case("softmax_masked_min", "softmax(x + mask)", lambda x, m: torch.softmax(x + m, -1), lambda r: {"x": r.n(2, 6), "m": torch.tensor([[0, 0, 0, 0, -3.4e38, -3.4e38], [0, -3.4e38, 0, 0, 0, 0]])}, dim=-1)
# ---- losses
ce = lambda r, n=6, c=5: {"x": r.n(n, c, scale=2.), "t": r.i(c, n)}
for red in ("mean", "sum", "none"): case(f"cross_entropy_{red}", "cross_entropy", lambda x, t, red=red: F.cross_entropy(x, t, reduction=red), ce, reduction=red)
def ign(r): d = ce(r, 8, 5); d["t"][[1, 4, 5]] = -100; return d
case("cross_entropy_ignore", "cross_entropy", lambda x, t: F.cross_entropy(x, t), ign, ignore_index=-100, reduction="mean")
case("cross_entropy_ignore_sum", "cross_entropy", lambda x, t: F.cross_entropy(x, t, reduction="sum"), ign, ignore_index=-100, reduction="sum")
case("cross_entropy_smooth", "cross_entropy", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), ce, label_smoothing=0.1, reduction="mean")
case("cross_entropy_ignore_smooth", "cross_entropy", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.2), ign, ignore_index=-100, label_smoothing=0.2, reduction="mean")
case("cross_entropy_weight", "cross_entropy", lambda x, t, w: F.cross_entropy(x, t, weight=w.detach()), lambda r: {**ce(r), "w": r.u(5)}, note="class weight w is a constant: grad/w is zero", reduction="mean")
case("cross_entropy_soft", "cross_entropy_prob_target", lambda x, t: F.cross_entropy(x, t.detach()), lambda r: {"x": r.n(4, 5), "t": torch.softmax(r.n(4, 5), -1)}, note="probability targets (constant)", reduction="mean")
case("cross_entropy_seq", "cross_entropy", lambda x, t: F.cross_entropy(x.reshape(-1, 11), t.reshape(-1)), lambda r: {"x": r.n(2, 6, 11), "t": r.i(11, 2, 6)}, note="[B,T,V] flattened", reduction="mean")
case("cross_entropy_huge_logits", "cross_entropy", lambda x, t: F.cross_entropy(x, t), lambda r: {"x": r.n(4, 5, scale=1e4), "t": r.i(5, 4)}, reduction="mean")
case("causal_lm_loss", "shifted cross_entropy", lambda x, t: F.cross_entropy(x[:, :-1].reshape(-1, 11), t[:, 1:].reshape(-1)), lambda r: {"x": r.n(2, 6, 11), "t": torch.where(r.n(2, 6) > 1, torch.tensor(-100), r.i(11, 2, 6))}, ignore_index=-100, note="logits[:, :-1] vs labels[:, 1:]")
case("nll_loss", "nll_loss", lambda x, t: F.nll_loss(x, t), lambda r: {"x": torch.log_softmax(r.n(6, 5), -1), "t": r.i(5, 6)})
for red in ("mean", "sum", "none"): case(f"mse_{red}", "mse_loss", lambda a, b, red=red: F.mse_loss(a, b, reduction=red), lambda r: {"a": r.n(3, 4), "b": r.n(3, 4)}, reduction=red)
case("l1", "l1_loss", lambda a, b: F.l1_loss(a, b), lambda r: {"a": r.n(3, 4), "b": r.n(3, 4)})
case("smooth_l1", "smooth_l1_loss", lambda a, b: F.smooth_l1_loss(a, b), lambda r: {"a": r.n(3, 4), "b": r.n(3, 4)}, beta=1.0)
case("huber", "huber_loss", lambda a, b: F.huber_loss(a, b, delta=0.5), lambda r: {"a": r.n(3, 4), "b": r.n(3, 4)}, delta=0.5)
case("bce_logits", "binary_cross_entropy_with_logits", lambda x, t: F.binary_cross_entropy_with_logits(x, t.detach()), lambda r: {"x": r.n(4, 3, scale=3.), "t": (r.n(4, 3) > 0).float()}, note="t constant")
case("bce_logits_posweight", "binary_cross_entropy_with_logits", lambda x, t, w: F.binary_cross_entropy_with_logits(x, t.detach(), pos_weight=w.detach()), lambda r: {"x": r.n(4, 3), "t": (r.n(4, 3) > 0).float(), "w": r.u(3)}, note="t, w constant")
case("kl_div_batchmean", "kl_div", lambda x, t: F.kl_div(x, t.detach(), reduction="batchmean"), lambda r: {"x": torch.log_softmax(r.n(4, 5), -1), "t": torch.softmax(r.n(4, 5), -1)}, note="x are log-probs, t constant probs")
# ---- normalisation
case("layer_norm", "layer_norm", lambda x, w, b: F.layer_norm(x, (8,), w, b, 1e-5), lambda r: {"x": r.n(3, 4, 8), "w": r.n(8), "b": r.n(8)}, eps=1e-5, normalized_shape=[8])
case("layer_norm_bert_eps", "layer_norm", lambda x, w, b: F.layer_norm(x, (48,), w, b, 1e-12), lambda r: {"x": r.n(2, 5, 48, scale=3.) + 2., "w": r.n(48), "b": r.n(48)}, eps=1e-12, normalized_shape=[48])
case("layer_norm_noaffine", "layer_norm", lambda x: F.layer_norm(x, (8,)), lambda r: {"x": r.n(3, 8)}, eps=1e-5, normalized_shape=[8])
case("layer_norm_2dims", "layer_norm", lambda x, w, b: F.layer_norm(x, (3, 4), w, b), lambda r: {"x": r.n(2, 3, 4), "w": r.n(3, 4), "b": r.n(3, 4)}, eps=1e-5, normalized_shape=[3, 4])
case("layer_norm_big_offset", "layer_norm", lambda x, w, b: F.layer_norm(x, (16,), w, b), lambda r: {"x": r.n(3, 16) + 1000., "w": r.n(16), "b": r.n(16)}, eps=1e-5, normalized_shape=[16], note="large mean: a one-pass E[x^2]-E[x]^2 variance fails here")
def rms(x, w, eps): return w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps))
for e in (1e-6, 1e-5): case(f"rms_norm_{e:g}", "rms_norm", lambda x, w, e=e: rms(x, w, e), lambda r: {"x": r.n(3, 4, 8), "w": r.n(8)}, eps=e)
case("rms_norm_small", "rms_norm", lambda x, w: rms(x, w, 1e-5), lambda r: {"x": r.n(3, 8, scale=1e-3), "w": r.n(8)}, eps=1e-5)
# ---- embedding / attention / rotary
case("embedding", "embedding", lambda w, i: F.embedding(i, w), lambda r: {"w": r.n(7, 4), "i": torch.tensor([[0, 3, 3], [6, 0, 3]])}, note="repeated indices accumulate")
case("embedding_padding_idx", "embedding", lambda w, i: F.embedding(i, w, padding_idx=0), lambda r: {"w": r.n(7, 4), "i": torch.tensor([[0, 3, 0], [6, 0, 3]])}, padding_idx=0, note="grad of row 0 is zero")
qkv = lambda r, B=2, H=3, Tq=5, Tk=5, D=4, Hk=None: {"q": r.n(B, H, Tq, D), "k": r.n(B, Hk or H, Tk, D), "v": r.n(B, Hk or H, Tk, D)}
case("sdpa_plain", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v), qkv)
case("sdpa_causal", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), qkv, causal=True)
case("sdpa_causal_T17", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), lambda r: qkv(r, 1, 2, 17, 17, 8), causal=True)
case("sdpa_scale", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3), qkv, scale=0.3)
case("sdpa_cross", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v), lambda r: qkv(r, 2, 2, 3, 6, 4))
pad = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=torch.bool)
case("sdpa_padding", "scaled_dot_product_attention", lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :]), lambda r: {**qkv(r), "mask": pad}, note="mask[b,key]: 1 = attend")
case("sdpa_causal_padding_right", "scaled_dot_product_attention", lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :] & torch.ones(5, 5, dtype=torch.bool).tril()), lambda r: {**qkv(r), "mask": pad}, causal=True, note="mask[b,key]: 1 = attend")
case("sdpa_gqa_causal", "scaled_dot_product_attention", lambda q, k, v: F.scaled_dot_product_attention(q, k.repeat_interleave(3, 1), v.repeat_interleave(3, 1), is_causal=True), lambda r: qkv(r, 2, 6, 4, 4, 4, Hk=2), causal=True, kv_groups=3, note="query head h uses kv head h//3")
def rope(x, theta):
    D = x.shape[-1]; t = torch.arange(x.shape[-2], dtype=x.dtype)
    inv = 1.0 / (theta ** (torch.arange(0, D, 2, dtype=x.dtype) / D)); f = torch.cat([torch.outer(t, inv)] * 2, -1)
    rot = torch.cat([-x[..., D // 2:], x[..., :D // 2]], -1); return x * f.cos() + rot * f.sin()
for th in (10000.0, 100000.0): case(f"rope_{int(th)}", "rotary (Llama rotate_half)", lambda x, th=th: rope(x, th), lambda r: {"x": r.n(2, 2, 9, 8)}, theta=th)
# ---- shape ops
case("reshape", "reshape", lambda x: x.reshape(4, 6), lambda r: {"x": r.n(2, 3, 4)}, shape=[4, 6])
case("permute", "permute", lambda x: x.permute(2, 0, 1), lambda r: {"x": r.n(2, 3, 4)}, dims=[2, 0, 1])
case("permute4d", "permute", lambda x: x.permute(0, 2, 1, 3), lambda r: {"x": r.n(2, 3, 4, 5)}, dims=[0, 2, 1, 3])
case("permute_then_reshape", "permute+reshape", lambda x: x.permute(0, 2, 1, 3).reshape(2, 4, 15), lambda r: {"x": r.n(2, 3, 4, 5)}, dims=[0, 2, 1, 3], shape=[2, 4, 15])
for d in (0, 1, -1): case(f"concat_{d}", "concat", lambda a, b, d=d: torch.cat([a, b], d), lambda r, d=d: {"a": r.n(2, 3, 4), "b": r.n(*[n + (2 if i == (d % 3) else 0) for i, n in enumerate((2, 3, 4))])}, dim=d)
case("stack", "stack", lambda a, b: torch.stack([a, b], 1), lambda r: {"a": r.n(2, 3), "b": r.n(2, 3)}, dim=1)
case("slice", "slice", lambda x: x[:, 1:3], lambda r: {"x": r.n(2, 5, 3)}, dim=1, start=1, end=3)
case("slice_step", "slice", lambda x: x[..., 1:7:2], lambda r: {"x": r.n(2, 8)}, dim=-1, start=1, end=7, step=2)
case("slice_neg", "slice", lambda x: x[:, -2:], lambda r: {"x": r.n(3, 5)}, dim=1, start=-2)
case("gather_last", "gather", lambda x, i: torch.gather(x, -1, i), lambda r: {"x": r.n(3, 6), "i": r.i(6, 3, 4)}, dim=-1)
case("gather_dim0", "gather", lambda x, i: torch.gather(x, 0, i), lambda r: {"x": r.n(5, 3), "i": r.i(5, 7, 3)}, dim=0)
case("index_select", "index_select", lambda x, i: x.index_select(1, i), lambda r: {"x": r.n(2, 5, 3), "i": torch.tensor([4, 0, 4])}, dim=1)
case("cls_pool", "x[:,0]", lambda x: x[:, 0], lambda r: {"x": r.n(2, 5, 3)})
case("expand", "broadcast_to", lambda x: x.expand(2, 3, 4), lambda r: {"x": r.n(3, 1)}, shape=[2, 3, 4])
case("pad", "pad", lambda x: F.pad(x, (1, 2)), lambda r: {"x": r.n(2, 3)}, pad=[1, 2], dim=-1)
case("split_second", "split", lambda x: x.split([2, 3, 1], -1)[1], lambda r: {"x": r.n(2, 6)}, sizes=[2, 3, 1], pick=1)
case("tril", "tril", lambda x: x.tril(), lambda r: {"x": r.n(4, 4)})
case("repeat_interleave", "repeat_interleave", lambda x: x.repeat_interleave(3, 1), lambda r: {"x": r.n(2, 2, 3)}, repeats=3, dim=1)
case("cumsum", "cumsum", lambda x: x.cumsum(-1), lambda r: {"x": r.n(2, 6)}, dim=-1)
# ---- reductions
for op, fn in [("sum", torch.sum), ("mean", torch.mean), ("amax", torch.amax), ("amin", torch.amin)]:
    case(f"{op}_all", op, lambda x, fn=fn: fn(x) if fn in (torch.sum, torch.mean) else fn(x, (0, 1, 2)), lambda r: {"x": r.n(2, 3, 4)})
    for d, k in [(-1, False), (1, True), ((0, 2), False)]:
        case(f"{op}_{d}_{k}".replace(" ", ""), op, lambda x, fn=fn, d=d, k=k: fn(x, d, k), lambda r: {"x": r.n(2, 3, 4)}, dim=d, keepdim=k)
case("amax_ties", "amax", lambda x: torch.amax(x, -1), lambda r: {"x": torch.tensor([[1., 3., 3., 0.], [2., 2., 2., 2.]])}, dim=-1, note="amax shares the gradient evenly among ties; max(dim) below gives it to one index")
case("max_dim_ties", "max", lambda x: torch.max(x, -1).values, lambda r: {"x": torch.tensor([[1., 3., 3., 0.], [2., 2., 2., 2.]])}, dim=-1)
case("var_unbiased", "var", lambda x: x.var(-1), lambda r: {"x": r.n(3, 6)}, correction=1); case("var_biased", "var", lambda x: x.var(-1, correction=0), lambda r: {"x": r.n(3, 6)}, correction=0)
case("std", "std", lambda x: x.std(-1), lambda r: {"x": r.n(3, 6)}, correction=1); case("prod", "prod", lambda x: x.prod(-1), lambda r: {"x": r.u(3, 4)}, dim=-1)
case("norm2", "norm", lambda x: x.norm(dim=-1), lambda r: {"x": r.n(3, 6)}, dim=-1)
# ---- sentence-embedding pieces
case("normalize", "l2_normalize", lambda x: F.normalize(x, dim=-1), lambda r: {"x": r.n(3, 8)}, eps=1e-12)
case("cosine_similarity", "cosine_similarity", lambda a, b: F.cosine_similarity(a, b, dim=-1), lambda r: {"a": r.n(4, 8), "b": r.n(4, 8)}, eps=1e-8)
case("cosine_matrix", "normalize(a) @ normalize(b)^T", lambda a, b: F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).T, lambda r: {"a": r.n(3, 8), "b": r.n(4, 8)})
case("masked_mean_pool", "masked mean pooling", lambda x, m: (x * m[..., None].to(x.dtype)).sum(1) / m.sum(1, keepdim=True).clamp(min=1e-9).to(x.dtype), lambda r: {"x": r.n(3, 5, 4), "m": torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]])})
case("mnrl_scale20", "multiple negatives ranking loss", lambda a, b: F.cross_entropy(20 * F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).T, torch.arange(5)), lambda r: {"a": r.n(5, 8), "b": r.n(5, 8)}, scale=20)
case("cosine_mse", "cosine-similarity MSE loss", lambda a, b, t: F.mse_loss(F.cosine_similarity(a, b, dim=-1), t.detach()), lambda r: {"a": r.n(5, 8), "b": r.n(5, 8), "t": r.u(5, lo=0, hi=1)}, note="t constant")
case("triplet", "triplet_margin_loss", lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=1.0), lambda r: {"a": r.n(5, 8), "p": r.n(5, 8), "n": r.n(5, 8)}, margin=1.0, p=2, eps=1e-6)
# ---- convolution / pooling
for nm, cin, cout, L, k, kw in [("basic", 3, 4, 10, 3, {}), ("stride_pad", 3, 4, 11, 3, dict(stride=2, padding=1)), ("dilation", 2, 3, 12, 3, dict(dilation=2, padding=2)), ("groups", 4, 6, 9, 3, dict(groups=2)), ("k1", 3, 5, 7, 1, {})]:
    case(f"conv1d_{nm}", "conv1d", lambda x, w, b, kw=kw: F.conv1d(x, w, b, **kw), lambda r, cin=cin, cout=cout, L=L, k=k, kw=kw: {"x": r.n(2, cin, L), "w": r.n(cout, cin // kw.get("groups", 1), k), "b": r.n(cout)}, **kw)
for nm, kw in [("basic", {}), ("stride_pad", dict(stride=2, padding=1)), ("groups", dict(groups=2))]:
    case(f"conv2d_{nm}", "conv2d", lambda x, w, b, kw=kw: F.conv2d(x, w, b, **kw), lambda r, kw=kw: {"x": r.n(2, 4, 7, 6), "w": r.n(6, 4 // kw.get("groups", 1), 3, 3), "b": r.n(6)}, **kw)
case("max_pool2d", "max_pool2d", lambda x: F.max_pool2d(x, 2), lambda r: {"x": r.n(2, 3, 6, 6)}, kernel=2); case("avg_pool2d", "avg_pool2d", lambda x: F.avg_pool2d(x, 2), lambda r: {"x": r.n(2, 3, 6, 6)}, kernel=2)

save_file(T, OUT / "ops.safetensors"); json.dump({"torch": torch.__version__, "cases": META}, open(OUT / "ops.json", "w"), indent=0)
print(len(META), "cases", len(T), "tensors", (OUT / "ops.safetensors").stat().st_size, "bytes; worst torch f32 err:", sorted(((m["torch_f32_err"], m["name"]) for m in META), reverse=True)[:6])
