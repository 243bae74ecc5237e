"""What the ServerApp's strategies make of replies, as JSON: those of hostile nodes, and clipping and noise in figures."""

import json
import sys

import numpy as np
from flwr.app import Array, ArrayRecord, Error, Message, Metadata, MetricRecord, RecordDict

sys.path.insert(0, sys.argv[1])
from lowrank_federated.server_app import privacy_of  # noqa: E402
from lowrank_federated.strategies import Numbered, Plain, Private  # noqa: E402

random = np.random.default_rng(0)
shapes = {"b1": (200, 40), "b2": (200, 40), "head.bias": (2,)}
now = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
sent = ArrayRecord({name: Array(value) for name, value in now.items()})


def metadata(node: int) -> Metadata:
    return Metadata(1, "", node, 0, "question", "", 0.0, 1.0, "train")


def reply(node: int, arrays: dict, metrics: dict) -> Message:
    content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": MetricRecord(metrics)})
    return Message(content, metadata=metadata(node))


def arrays(values: dict) -> dict:
    return {name: Array(np.asarray(value, np.float32)) for name, value in values.items()}


def npy(header: str, data: bytes = b"") -> Array:
    text = header.encode("latin1") + b"\n"
    head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
    return Array(dtype="float32", shape=(200, 40), stype="numpy.ndarray", data=head + text + data)


def f4(shape: str) -> str:
    return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"


headers = {
    "no header": "",
    "a bracket that stays open": "{'descr': (",
    "brackets": "(" * 9_000,
    "signs": "-" * 9_000 + "1",
    "a gigantic shape": f4("(1000000000000, 1000)"),
    "a negative shape": f4("(-200, -40)"),
    "a cut array": f4("(200, 40)"),
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (200, 40), }",
}
told = {"num-examples": 3, "loss": 0.5}
good = arrays(now)
hostile = {
    **{name: reply(1, {**good, "b1": npy(header)}, told) for name, header in headers.items()},
    "float64": reply(1, {**good, "b1": Array(np.zeros((200, 40)))}, told),
    "no number": reply(1, arrays({**now, "b1": now["b1"] * np.nan}), told),
    "infinity": reply(1, arrays({**now, "b1": now["b1"] + np.inf}), told),
    "another shape": reply(1, arrays({**now, "b1": now["b1"].T}), told),
    "an array too many": reply(1, arrays({**now, "b3": now["b1"]}), told),
    "an array too few": reply(1, arrays({"b1": now["b1"]}), told),
    **{
        f"num-examples {value}": reply(1, good, {**told, "num-examples": value})
        for value in (-1, 0, 2**62, 3.0, float("nan"), [3])
    },
    "no loss": reply(1, good, {"num-examples": 3}),
    "a loss that is none": reply(1, good, {**told, "loss": float("nan")}),
    "an error": Message(error=Error(2, "gone\nINFO: forged"), metadata=metadata(1)),
    "an error without words": Message(error=Error(2), metadata=metadata(1)),
}


def kept(bad: Message) -> list:
    """How many replies count beside a hostile one, and whether the mean is the other's alone."""
    strategy = Plain()
    strategy.sent = sent
    mean, _ = strategy.aggregate_train(1, [bad, reply(2, arrays({name: value + 1 for name, value in now.items()}), told)])
    return [strategy.answered, all(np.array_equal(mean[name].numpy(), now[name] + 1) for name in now)]


def released(nodes: int, multiplier: float, norm: float, reverse: bool = False) -> np.ndarray:
    """What is released beyond the mean of updates that are clipped here, in double precision. The first node's is small."""
    strategy = Private(Numbered(min_train_nodes=nodes, min_available_nodes=nodes), multiplier, norm, nodes)
    strategy.min_replies, strategy.sent, strategy.current_arrays = nodes, sent, sent
    updates = [
        {name: random.normal(size=value.shape) * (1e-4 if node == 0 else 1) for name, value in now.items()}
        for node in range(nodes)
    ]
    replies = []
    for node, update in enumerate(updates):
        values = {name: now[name] + update[name] for name in (reversed(now) if reverse else now)}
        replies.append(reply(node + 1, arrays(values), {"num-examples": 1}))
    mean, _ = strategy.aggregate_train(1, replies)
    sizes = [np.sqrt(sum((value**2).sum() for value in update.values())) for update in updates]
    clipped = {
        name: now[name] + sum(update[name] * min(1, norm / size) for update, size in zip(updates, sizes, strict=True)) / nodes
        for name in now
    }
    return np.concatenate([(mean[name].numpy() - clipped[name]).ravel() for name in now])


def refused(noise: float, clipping: float) -> str | None:
    """What is said of such settings; None where they are taken."""
    try:
        privacy_of({"noise-multiplier": noise, "clipping-norm": clipping})
        return None
    except ValueError as error:
        return str(error)


noise = released(nodes=8, multiplier=1.5, norm=0.5)
settings = [(0, 1), (1.5, 0.5), (-1, 1), (np.nan, 1), (np.inf, 1), (1, 0), (1, -1), (1, np.nan), (1, np.inf)]
found = {
    "refused": [refused(*each) for each in settings],
    "kept": {name: kept(bad) for name, bad in hostile.items()},
    "noise": {"count": noise.size, "mean": noise.mean(), "deviation": noise.std(), "fourth": (noise**4).mean() / noise.var() ** 2},
    "clipping": {
        "in order": np.abs(released(nodes=4, multiplier=1e-9, norm=0.5)).max(),
        "in another": np.abs(released(nodes=4, multiplier=1e-9, norm=0.5, reverse=True)).max(),
    },
}
print(json.dumps(found, default=float))
