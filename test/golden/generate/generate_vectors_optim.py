"""Golden optimizer / clipping / schedule trajectories -> vectors/optim.safetensors + vectors/optim.json

Two parameters, `w` [3,4] and `b` [4], start from seeded normals and receive a fixed sequence of 20 gradient pairs
(shared by all cases: grads/w [20,3,4], grads/b [20,4]; scale varies over time; step 7 is all zeros, step 12 is 100x).
Every case stores <case>/w [20,3,4] and <case>/b [20,4]: the parameters AFTER each step, from PyTorch in float64
(rounded to float32). optim.json gives the hyper-parameters, the per-step lr, the pre-clip norms and
`torch_f32_err` = max |float32 run - float64 run| / max(1,|.|). Step order in a case: clip -> optimizer step -> schedule step.
`quadratic_*`: gradient of 0.5*||x - target||^2 with weights, computed from the current x (closed loop).
Schedules: lr multipliers for 20 (or 25) steps of the transformers / torch schedulers, lr used AT step t (t=0..).
Re-run: venv/bin/python generate_vectors_optim.py
"""
import json, pathlib, warnings
import torch
from safetensors.torch import save_file
from transformers import optimization as O
OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"; OUT.mkdir(exist_ok=True)
warnings.filterwarnings("ignore")
g = torch.Generator().manual_seed(77); n = lambda *s: torch.randn(s, generator=g)
W0, B0 = n(3, 4), n(4)
GW, GB = n(20, 3, 4), n(20, 4)
sc = torch.linspace(1.0, 0.2, 20); sc[7] = 0.0; sc[12] = 100.0
GW, GB = (GW * sc[:, None, None]).contiguous(), (GB * sc[:, None]).contiguous()
T = {"w0": W0, "b0": B0, "grads/w": GW, "grads/b": GB}; META = []

def traj(dtype, make, clip=None, clip_value=None, sched=None, groups=False):
    w, b = torch.nn.Parameter(W0.to(dtype).clone()), torch.nn.Parameter(B0.to(dtype).clone())
    opt = make([{"params": [w]}, {"params": [b], "weight_decay": 0.0}] if groups else [w, b])
    sch = sched(opt) if sched else None
    ws, bs, lrs, norms = [], [], [], []
    for t in range(20):
        w.grad, b.grad = GW[t].to(dtype).clone(), GB[t].to(dtype).clone()
        if clip is not None: norms.append(float(torch.nn.utils.clip_grad_norm_([w, b], clip)))
        if clip_value is not None: torch.nn.utils.clip_grad_value_([w, b], clip_value)
        lrs.append(opt.param_groups[0]["lr"]); opt.step()
        if sch: sch.step()
        ws.append(w.detach().clone()); bs.append(b.detach().clone())
    return torch.stack(ws), torch.stack(bs), [float(x) for x in lrs], norms

def case(name, opt, make, hyper, **kw):
    w, b, lrs, norms = traj(torch.float64, make, **kw); w32, b32, _, _ = traj(torch.float32, make, **kw)
    T[f"{name}/w"], T[f"{name}/b"] = w.float().contiguous(), b.float().contiguous()
    e = max(float(((p - q.double()).abs() / p.abs().clamp(min=1)).max()) for p, q in ((w, w32), (b, b32)))
    META.append({"name": name, "optimizer": opt, "hyper": hyper, "lr": lrs, **({"norm_before_clip": norms, "max_norm": kw["clip"]} if norms else {}),
                 **({"clip_value": kw["clip_value"]} if kw.get("clip_value") else {}), **({"b_weight_decay": 0.0} if kw.get("groups") else {}), "torch_f32_err": e})

AW, AD, SG = torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD
def add(name, cls, **h):
    extra = {k: h.pop(k) for k in ("clip", "clip_value", "sched", "groups") if k in h}
    case(name, cls.__name__, lambda p: cls(p, **h), h, **extra)
add("adamw_default", AW); add("adamw_lr1e-2", AW, lr=1e-2); add("adamw_wd0.1", AW, lr=1e-2, weight_decay=0.1); add("adamw_wd0", AW, lr=1e-2, weight_decay=0.0)
add("adamw_betas_eps", AW, lr=5e-3, betas=(0.8, 0.95), eps=1e-6); add("adamw_big_eps", AW, lr=1e-2, eps=1e-2); add("adamw_amsgrad", AW, lr=1e-2, amsgrad=True)
add("adamw_groups", AW, lr=1e-2, weight_decay=0.1, groups=True); add("adam", AD, lr=1e-2); add("adam_l2", AD, lr=1e-2, weight_decay=0.1)
add("sgd", SG, lr=0.05); add("sgd_wd", SG, lr=0.05, weight_decay=0.1); add("sgd_momentum", SG, lr=0.05, momentum=0.9); add("sgd_momentum_wd", SG, lr=0.05, momentum=0.9, weight_decay=0.01)
add("sgd_dampening", SG, lr=0.05, momentum=0.9, dampening=0.3); add("sgd_nesterov", SG, lr=0.05, momentum=0.9, nesterov=True); add("sgd_nesterov_wd", SG, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)
add("rmsprop", torch.optim.RMSprop, lr=1e-2); add("adagrad", torch.optim.Adagrad, lr=1e-1)
for c in (1.0, 0.1, 1e6): add(f"adamw_clip{c:g}", AW, lr=1e-2, clip=c); add(f"sgd_clip{c:g}", SG, lr=0.05, clip=c)
add("sgd_clip_value0.5", SG, lr=0.05, clip_value=0.5)
add("adamw_cosine_warmup", AW, lr=1e-2, sched=lambda o: O.get_cosine_schedule_with_warmup(o, 4, 20)); add("adamw_linear_warmup", AW, lr=1e-2, sched=lambda o: O.get_linear_schedule_with_warmup(o, 4, 20))
add("adamw_full_recipe", AW, lr=1e-2, weight_decay=0.05, clip=1.0, groups=True, sched=lambda o: O.get_cosine_schedule_with_warmup(o, 3, 20))

# closed loop
def quad(name, make, steps=20):
    out = []
    tgt, k = torch.tensor([1., -2., 3., 0.5], dtype=torch.float64), torch.tensor([1., 10., 0.1, 4.], dtype=torch.float64)
    x = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64)); opt = make([x])
    for _ in range(steps):
        opt.zero_grad(); loss = 0.5 * (k * (x - tgt) ** 2).sum(); loss.backward(); opt.step(); out.append(x.detach().clone())
    T[f"quadratic_{name}/x"] = torch.stack(out).float().contiguous()
quad("adamw", lambda p: AW(p, lr=0.1)); quad("sgd_momentum", lambda p: SG(p, lr=0.02, momentum=0.9)); quad("sgd_nesterov", lambda p: SG(p, lr=0.02, momentum=0.9, nesterov=True))

def lrs(fn, steps=20, lr=1.0):
    o = SG([torch.nn.Parameter(torch.zeros(1))], lr=lr); s = fn(o); r = []
    for _ in range(steps): r.append(o.param_groups[0]["lr"]); o.step(); s.step()
    return [float(x) for x in r]
L = torch.optim.lr_scheduler
SCHED = {
    "linear_warmup4_total20": lrs(lambda o: O.get_linear_schedule_with_warmup(o, 4, 20), 25),
    "linear_warmup0_total20": lrs(lambda o: O.get_linear_schedule_with_warmup(o, 0, 20), 25),
    "cosine_warmup4_total20": lrs(lambda o: O.get_cosine_schedule_with_warmup(o, 4, 20), 25),
    "cosine_warmup0_total20": lrs(lambda o: O.get_cosine_schedule_with_warmup(o, 0, 20), 25),
    "cosine_restarts2_warmup4_total20": lrs(lambda o: O.get_cosine_with_hard_restarts_schedule_with_warmup(o, 4, 20, num_cycles=2), 25),
    "constant_warmup5": lrs(lambda o: O.get_constant_schedule_with_warmup(o, 5)),
    "polynomial2_warmup4_total20_end1e-7": lrs(lambda o: O.get_polynomial_decay_schedule_with_warmup(o, 4, 20, lr_end=1e-7, power=2.0), 25),
    "inverse_sqrt_warmup4": lrs(lambda o: O.get_inverse_sqrt_schedule(o, 4)),
    "torch_StepLR_size5_gamma0.5": lrs(lambda o: L.StepLR(o, 5, 0.5)), "torch_ExponentialLR_0.9": lrs(lambda o: L.ExponentialLR(o, 0.9)),
    "torch_CosineAnnealingLR_Tmax20_min0.1": lrs(lambda o: L.CosineAnnealingLR(o, 20, eta_min=0.1)),
    "torch_OneCycleLR_max1_total20": lrs(lambda o: L.OneCycleLR(o, max_lr=1.0, total_steps=20)),
}
# global-norm clipping on its own (several tensors, incl. a zero tensor and a scalar)
clip = []
for mx in (0.5, 1.0, 5.0, 100.0):
    gs = [n(3, 4) * 2, n(5), torch.zeros(2, 2), n(1)]; ps = [torch.nn.Parameter(torch.zeros_like(x)) for x in gs]
    for p, x in zip(ps, gs): p.grad = x.double().clone() if False else x.clone()
    tot = torch.nn.utils.clip_grad_norm_(ps, mx)
    for i, (x, p) in enumerate(zip(gs, ps)): T[f"clip_{mx:g}/in{i}"] = x.contiguous(); T[f"clip_{mx:g}/out{i}"] = p.grad.contiguous().clone()
    clip.append({"name": f"clip_{mx:g}", "max_norm": mx, "total_norm": float(tot), "rule": "coef = min(1, max_norm/(total_norm+1e-6)); grads *= coef"})
save_file(T, OUT / "optim.safetensors")
json.dump({"torch": torch.__version__, "cases": META, "clip": clip, "schedules": SCHED}, open(OUT / "optim.json", "w"), indent=0)
print(len(META), "trajectories", len(SCHED), "schedules", (OUT / "optim.safetensors").stat().st_size, "bytes; worst f32", sorted(((m["torch_f32_err"], m["name"]) for m in META), reverse=True)[:3])
