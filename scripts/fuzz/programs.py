"""Runs random programs with PyTorch in float64.

Reads one JSON program a line, as scripts/fuzz/programs.mjs writes them, and answers with one JSON line: everything the
program computes, in its order, with how far each number may be off.

A float32 engine rounds every operand and result. How far that carries is measured, not assumed: the program runs again a
few times, every operand, result and gradient being multiplied by 1 + u, u random and no larger than half a unit in the
last place of float32. Where terms cancel, the results scatter accordingly.
"""

import base64
import json
import sys
import warnings

import numpy
import torch

from program_ops import OPS

HALF_ULP = 2.0**-24
TRIALS = 4


class Rounding(torch.autograd.Function):
    """x·(1 + u), and on the way back g·(1 + v): what a kernel rounds forward and backward are two different things."""

    @staticmethod
    def forward(context, x, noise):
        context.noise = noise
        return x * (1 + unit(x.shape, noise))

    @staticmethod
    def backward(context, gradient):
        return gradient * (1 + unit(gradient.shape, context.noise)), None


def unit(shape, noise):
    return HALF_ULP * (2 * torch.rand(shape, generator=noise, dtype=torch.float64) - 1)


class Interpreter:
    """One run of a program; `noise` is a generator, or None for the exact run."""

    def __init__(self, masks, noise):
        self.masks = masks
        # Ops keep this for their gradient: holding the interpreter, which holds their results, it would never be freed.
        self.rounded = (lambda x: x) if noise is None else (lambda x: Rounding.apply(x, noise))
        self.tensors = {}
        self.variables = []
        self.depths = {}
        self.optimizers = {}
        self.events = []

    def run(self, body):
        self.block(body)
        for _, name, _ in self.variables:
            self.value(name)
        for _, name, _ in self.variables:
            self.gradient(name)
        return self.events

    def block(self, body):
        for statement in body:
            getattr(self, statement["do"])(**{key: at for key, at in statement.items() if key != "do"})

    def value(self, name):
        self.events.append(("value", name, self.tensors[name].detach().clone().numpy()))

    def gradient(self, name):
        gradient = self.tensors[name].grad
        self.events.append(("gradient", name, None if gradient is None else gradient.detach().clone().numpy()))

    def leaf(self, g, id, trainable, shape, data):
        self.tensors[id] = decode(data, shape).requires_grad_(trainable)
        if trainable:
            self.variables.append((g, id, self.depths.get(g, 0)))

    def store(self, g, id, shape, format, transposed, data):
        # The values as they are decoded, not transposed.
        self.tensors[id] = decode(data, shape)

    def setStored(self, g, id, shape, format, transposed, data):
        self.setValue(g, id, shape, data)

    def columns(self, g, id, input, start, end):
        self.tensors[id] = self.tensors[input][:, start:end].clone()
        self.value(id)

    def apply(self, g, id, op, inputs, attributes):
        operands = [self.rounded(self.tensors[name]) for name in inputs]
        if op == "dropout":
            attributes = {"mask": self.masks.get(str(id))}
        self.tensors[id] = self.rounded(OPS[op](operands, attributes, self.rounded))
        self.value(id)

    def backward(self, g, loss, gradient):
        node = self.tensors[loss]
        seed = torch.ones_like(node) if gradient is None else decode(gradient["data"], gradient["shape"])
        node.backward(seed, retain_graph=True)
        for graph, name, _ in self.variables:
            if graph == g:
                # Each pass rounds the sum so far, which a later one may cancel.
                if self.tensors[name].grad is not None:
                    self.tensors[name].grad = self.rounded(self.tensors[name].grad)
                self.gradient(name)

    def nested(self, g, body):
        depth = self.depths.get(g, 0)
        self.depths[g] = depth + 1
        self.block(body)
        self.depths[g] = depth
        self.variables = [made for made in self.variables if made[0] != g or made[2] <= depth]

    def step(self, g, body):
        self.nested(g, body)

    def scope(self, g, id, body, result):
        # Only this graph records nothing; what others do within is recorded.
        self.frozen(g, lambda: self.nested(g, body))
        self.tensors[id] = self.rounded(self.tensors[result].detach())
        self.value(id)

    def noGrad(self, g, body):
        self.frozen(g, lambda: self.block(body))

    def frozen(self, g, body):
        outer = self.apply

        def apply(**use):
            if use["g"] != g:
                return outer(**use)
            with torch.no_grad():
                return outer(**use)

        self.apply = apply
        body()
        self.apply = outer

    def zeroGrads(self, g, ids):
        for name in ids:
            self.tensors[name].grad = None

    def setValue(self, g, id, shape, data):
        with torch.no_grad():
            self.tensors[id].copy_(decode(data, shape))

    def mode(self, g, training):
        pass

    def optimizer(self, g, id, kind, params):
        tensors = [self.tensors[name] for name in params]
        # As test/properties/programs/run.ts makes them.
        options = {
            "Adagrad": dict(lr_decay=0.1, eps=1e-3),
            "Adam": dict(weight_decay=0.1, eps=1e-3),
            "AdamW": dict(),
            "RMSprop": dict(momentum=0.5, eps=1e-3),
            "SGD": dict(lr=0.01, momentum=0.5),
        }
        self.optimizers[id] = getattr(torch.optim, kind)(tensors, **options[kind])

    def update(self, g, optimizer, params):
        for name in params:
            if self.tensors[name].grad is not None:
                self.tensors[name].grad.clamp_(-1, 1)
        self.optimizers[optimizer].step()
        for name in params:
            with torch.no_grad():
                self.tensors[name].copy_(self.rounded(self.tensors[name]))
            self.value(name)

    def release(self, g, ids):
        self.variables = [made for made in self.variables if made[1] not in ids]


def decode(data, shape):
    numbers = numpy.frombuffer(base64.b64decode(data), dtype="<f4").astype("f8")
    return torch.from_numpy(numbers).reshape(shape)


def encode(numbers, kind):
    return base64.b64encode(numpy.ascontiguousarray(numbers, dtype=kind).tobytes()).decode()


def answer(program, masks):
    def run(noise):
        return Interpreter(masks, noise).run(program["body"])

    exact = run(None)
    trials = [run(torch.Generator().manual_seed(trial)) for trial in range(TRIALS)]
    events = []
    for at, (what, name, value) in enumerate(exact):
        if value is None:
            events.append({"what": what, "id": name, "value": None, "tolerance": None})
            continue
        off = numpy.max([numpy.abs(trial[at][2] - value) for trial in trials], axis=0)
        size = numpy.abs(value)
        spread = numpy.sqrt(numpy.mean(off**2)) if off.size else 0
        largest = size.max() if size.size else 0
        tolerance = 16 * off + 4 * spread + HALF_ULP * (16 * size + 4 * largest)
        events.append({"what": what, "id": name, "value": encode(value, "<f8"), "tolerance": encode(tolerance, "<f4")})
    return {"torch": torch.__version__, "events": events}


def main():
    torch.set_num_threads(1)
    numpy.seterr(all="ignore")
    warnings.filterwarnings("ignore", message="grad and param do not obey")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request["program"], request["masks"])
        except Exception as error:  # The other side names the program.
            reply = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
