"""Golden LoRA layer vectors made by the real PEFT layers -> vectors/lora.safetensors + vectors/lora.json

Each case wraps one nn.Linear / transformers Conv1D / nn.Embedding in PEFT's LoraLayer, overwrites every tensor with
seeded normals (lora_B non-zero), runs forward and backward in float64 on float32-exact inputs, and stores float32.
Names: <case>/weight bias lora_A lora_B magnitude x out cot grad_x grad_lora_A grad_lora_B grad_magnitude delta merged
 weight  [out,in] for Linear, [in,out] for Conv1D (fan_in_fan_out), [num,dim] for Embedding
 delta   PEFT's get_delta_weight = scaling * B @ A in the layout of weight
 merged  weight after PEFT's merge() (DoRA: rescaled by magnitude/||W+delta||)
 out_after_merge is checked here to agree with out (1e-10), not stored.
DoRA in PEFT: the norm ||W + s*B@A|| (per output row) is a constant in the backward pass (detached).
Re-run: venv/bin/python generate_vectors_lora.py
"""
import json, math, pathlib, zlib
import torch, torch.nn as nn
from safetensors.torch import save_file
from transformers.pytorch_utils import Conv1D
from peft import LoraConfig, get_peft_model, __version__ as peft_version
OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"; OUT.mkdir(exist_ok=True)
T, META = {}, []

class Net(nn.Module):
    def __init__(s, lin): super().__init__(); s.lin = lin
    def forward(s, x): return s.lin(x)

def run(dtype, kind, nin, nout, r, alpha, bias, xs, name, **kw):
    g = torch.Generator().manual_seed(zlib.crc32(name.encode())); n = lambda *s, scale=1.0: torch.randn(s, generator=g) * scale
    base = nn.Embedding(nin, nout) if kind == "embedding" else Conv1D(nout, nin) if kind == "conv1d" else nn.Linear(nin, nout, bias=bias)
    W = n(*base.weight.shape, scale=1 / math.sqrt(nin)); B0 = n(nout) if bias and kind != "embedding" else None
    net = get_peft_model(Net(base), LoraConfig(r=r, lora_alpha=alpha, lora_dropout=0.0, target_modules=["lin"], fan_in_fan_out=kind == "conv1d", **kw))
    layer = net.base_model.model.lin
    layer.get_base_layer().weight.data = W.clone()
    if B0 is not None: layer.get_base_layer().bias.data = B0.clone()
    elif kind == "conv1d": layer.get_base_layer().bias.data.zero_()
    if kind == "embedding":
        A, B = n(r, nin), n(nout, r, scale=0.3)
        layer.lora_embedding_A["default"].data = A.clone(); layer.lora_embedding_B["default"].data = B.clone()
        pa, pb = layer.lora_embedding_A["default"], layer.lora_embedding_B["default"]
    else:
        A, B = n(r, nin, scale=1 / math.sqrt(nin)), n(nout, r, scale=0.3)
        pa, pb = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        pa.data, pb.data = A.clone(), B.clone()
    mag = None
    if kw.get("use_dora"):
        pm = layer.lora_magnitude_vector["default"].weight
        mag = (W.norm(dim=0) if kind == "conv1d" else W.norm(dim=1)) * (1 + 0.2 * n(nout)); pm.data = mag.clone().reshape(pm.shape)
    if kind == "embedding": x = torch.randint(0, nin, xs, generator=g)
    else: x = n(*xs)
    net = net.to(dtype); layer = net.base_model.model.lin
    xi = x if kind == "embedding" else x.to(dtype).clone().requires_grad_(True)
    y = net(xi); cot = n(*y.shape); y.backward(cot.to(dtype))
    d = {"weight": W, "lora_A": A, "lora_B": B, "x": x.to(torch.int32) if kind == "embedding" else x, "cot": cot, "out": y.detach(), "grad_lora_A": pa.grad, "grad_lora_B": pb.grad}
    if B0 is not None: d["bias"] = B0
    if kind != "embedding": d["grad_x"] = xi.grad
    if mag is not None: d["magnitude"] = mag; d["grad_magnitude"] = pm.grad.reshape(-1)
    d["delta"] = layer.get_delta_weight("default").detach()
    net.eval(); layer.merge(); d["merged"] = layer.get_base_layer().weight.detach().clone()
    with torch.no_grad(): y2 = net(x if kind == "embedding" else x.to(dtype))
    d["_merge_err"] = float((y2 - y).abs().max()); layer.unmerge()
    d["_unmerge_err"] = float((layer.get_base_layer().weight - W.to(dtype)).abs().max()); d["_scaling"] = layer.scaling["default"]
    return d

def case(name, kind, nin, nout, r, alpha, bias, xs, **kw):
    d = run(torch.float64, kind, nin, nout, r, alpha, bias, xs, name, **kw); e = run(torch.float32, kind, nin, nout, r, alpha, bias, xs, name, **kw)
    assert d["_merge_err"] < 1e-10, (name, d["_merge_err"])
    outs = [k for k in d if k.startswith("grad_") or k in ("out", "delta", "merged")]
    for k, v in d.items():
        if not k.startswith("_"): T[f"{name}/{k}"] = (v if v.dtype == torch.int32 else v.float()).contiguous().clone()
    META.append({"name": name, "layer": kind, "in": nin, "out": nout, "r": r, "lora_alpha": alpha, "bias": bool("bias" in d), "x_shape": list(xs), "scaling": d["_scaling"], **kw,
                 "peft_f32_err": max(float(((d[k].double() - e[k].double()).abs() / d[k].double().abs().clamp(min=1)).max()) for k in outs), "peft_f32_merge_err": e["_merge_err"]})

for nin, nout, r, xs in [(8, 6, 2, (3, 8)), (16, 16, 4, (2, 5, 16)), (33, 17, 5, (7, 33)), (64, 48, 8, (2, 6, 64)), (12, 20, 1, (12,)), (6, 4, 8, (3, 6)), (5, 7, 3, (2, 2, 3, 5))]:
    for bias in (True, False):
        for tag, kw in [("", {}), ("_rslora", dict(use_rslora=True)), ("_dora", dict(use_dora=True)), ("_dora_rslora", dict(use_dora=True, use_rslora=True))]:
            if tag == "_dora_rslora" and nin not in (16, 33): continue
            if xs == (12,) and "dora" in tag: continue
            case(f"linear_{nin}x{nout}_r{r}_{'bias' if bias else 'nobias'}{tag}", "linear", nin, nout, r, 2 * r if r != 5 else 7, bias, xs, **kw)
case("linear_384x384_r8_bias_minilm", "linear", 384, 384, 8, 16, True, (4, 384))
case("linear_alpha0", "linear", 8, 6, 2, 0, True, (3, 8))
for tag, kw in [("", {}), ("_rslora", dict(use_rslora=True)), ("_dora", dict(use_dora=True))]:
    case(f"conv1d_gpt2_16x48_r4{tag}", "conv1d", 16, 48, 4, 8, True, (2, 5, 16), **kw)
    if tag != "_dora": case(f"embedding_11x6_r3{tag}", "embedding", 11, 6, 3, 6, False, (2, 5), **kw)
case("linear_lora_bias_false_large_alpha", "linear", 16, 16, 4, 128, True, (3, 16))

# ---- PEFT initialisation: what get_peft_model makes for r=8, 384->384 (statistics for an initialiser's test)
torch.manual_seed(0); net = get_peft_model(Net(nn.Linear(384, 384)), LoraConfig(r=8, lora_alpha=16, target_modules=["lin"]))
A = net.base_model.model.lin.lora_A["default"].weight.detach()
init = {"lora_A": {"distribution": "kaiming_uniform(a=sqrt(5)) = U(-1/sqrt(in), 1/sqrt(in))", "bound": 1 / math.sqrt(384), "min": float(A.min()), "max": float(A.max()), "std": float(A.std()), "expected_std": 1 / math.sqrt(3 * 384)}, "lora_B": "zeros"}
save_file(T, OUT / "lora.safetensors"); json.dump({"peft": peft_version, "torch": torch.__version__, "init": init, "cases": META}, open(OUT / "lora.json", "w"), indent=0)
print(len(META), "cases", (OUT / "lora.safetensors").stat().st_size, "bytes; worst f32:", sorted(((m["peft_f32_err"], m["name"]) for m in META), reverse=True)[:3]); print(init)
