"""The same numbers as ../data.mjs, and the same shapes."""

import numpy as np

SCALING, LR, BETA1, BETA2, EPS = 2.0, 1e-3, 0.9, 0.999, 1e-8
BLOCK = dict(rows=128, hidden=384, heads=12, intermediate=1536, rank=8)


def random_array(length, seed, scale=1.0):
    """`length` float32 numbers from -scale to scale; see randomArray."""
    with np.errstate(over="ignore"):
        i = np.arange(1, length + 1, dtype=np.uint32)
        x = (i * np.uint32(0x9E3779B9)) ^ (np.uint32(seed + 1) * np.uint32(0x85EBCA6B))
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        x = x ^ (x >> np.uint32(16))
    return (scale * (x.astype(np.float64) / 2**31 - 1)).astype(np.float32)


def layer_data(n_in, n_out, rank, seed):
    return dict(
        weight=random_array(n_in * n_out, seed, n_in**-0.5).reshape(n_in, n_out),
        bias=random_array(n_out, seed + 1, 0.1),
        a=random_array(n_in * rank, seed + 2, n_in**-0.5).reshape(n_in, rank),
        b=random_array(rank * n_out, seed + 3, 0.1).reshape(rank, n_out),
    )


def lora_data(rows, n_in, n_out, rank):
    return dict(
        x=random_array(rows * n_in, 1).reshape(rows, n_in),
        target=random_array(rows * n_out, 2).reshape(rows, n_out),
        **layer_data(n_in, n_out, rank, 3),
    )


def block_data(rows, hidden, heads, intermediate, rank):
    sizes = dict(query=(hidden, hidden, 10), key=(hidden, hidden, 20), value=(hidden, hidden, 30))
    sizes.update(output=(hidden, hidden, 40), up=(hidden, intermediate, 50), down=(intermediate, hidden, 60))
    return dict(
        x=random_array(rows * hidden, 1).reshape(rows, hidden),
        target=random_array(rows * hidden, 2).reshape(rows, hidden),
        norms=[(1 + random_array(hidden, s, 0.1), random_array(hidden, s + 1, 0.1)) for s in (3, 5)],
        layers={name: layer_data(i, o, rank, seed) for name, (i, o, seed) in sizes.items()},
    )
