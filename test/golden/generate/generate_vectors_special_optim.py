"""Golden steps of Adam, RMSprop and Adagrad at zeros, infinities, NaN, subnormal and largest numbers -> vectors/special-optim.safetensors + .json

As the optimizers of generate_vectors_special.py, whose parameters and gradients these are: every parameter with every gradient, which
turn by one place before the third step. Subnormal ones have few digits, so eps keeps what is made of them small. "out" holds the parameter after each of three steps, from PyTorch in float32.
Re-run: venv/bin/python generate_vectors_special_optim.py
"""
import json, pathlib
import numpy as np
import torch
from safetensors.numpy import load_file, save_file

OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"
SPECIAL = load_file(OUT / "special.safetensors")
P, G = SPECIAL["optimizer/parameter"], SPECIAL["optimizer/gradient"]
ADAM, RMSPROP, ADAGRAD = torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad
TENSORS, CASES = {"optimizer/parameter": P, "optimizer/gradient": G}, []
for name, kind, options in [
    ("adam", ADAM, dict(lr=0.1)), ("adam penalty", ADAM, dict(lr=0.1, weight_decay=0.1)),
    ("adam amsgrad", ADAM, dict(lr=0.1, weight_decay=0.1, amsgrad=True)),
    ("rmsprop", RMSPROP, dict(lr=0.03)), ("rmsprop penalty", RMSPROP, dict(lr=0.03, eps=1e-3, weight_decay=0.1)),
    ("rmsprop momentum", RMSPROP, dict(lr=0.03, momentum=0.9)), ("rmsprop no eps", RMSPROP, dict(lr=0.03, eps=0)),
    ("rmsprop centered", RMSPROP, dict(lr=0.03, momentum=0.9, centered=True)),
    ("adagrad", ADAGRAD, dict(lr=0.1, eps=1e-8)), ("adagrad decay", ADAGRAD, dict(lr=0.1, eps=1e-3, lr_decay=0.5, weight_decay=0.1)),
]:
    parameter = torch.nn.Parameter(torch.from_numpy(P.copy()))
    optimizer = kind([parameter], foreach=False, **options)
    steps = []
    for step in range(3):
        parameter.grad = torch.from_numpy(G.copy() if step == 1 else np.roll(G, step).copy())
        optimizer.step()
        steps.append(parameter.detach().numpy().copy())
    out = f"optimizer {name}/out"
    TENSORS[out] = np.stack(steps)
    CASES.append({"name": f"optimizer {name}", "options": options, "in": ["optimizer/parameter", "optimizer/gradient"], "out": out})

save_file(TENSORS, OUT / "special-optim.safetensors")
with open(OUT / "special-optim.json", "w") as file:
    json.dump({"torch": torch.__version__, "cases": CASES}, file, indent=0)
    file.write("\n")
print(len(CASES), "cases", (OUT / "special-optim.safetensors").stat().st_size, "bytes")
