"""Writes svd.json: matrices of whole numbers, and what LAPACK makes of them in float64.

Run as `python3 generate_svd.py > ../svd.json`; needs NumPy alone.
"""

import json
import sys

import numpy as np

random = np.random.default_rng(7)


def case(name, matrix, rank=None):
    whole = np.rint(matrix).astype(np.int64)
    u, s, vt = np.linalg.svd(whole.astype(np.float64), full_matrices=False)
    rank = rank or len(s)
    u, s, v = u[:, :rank].T, s[:rank], vt[:rank]
    # The sign that makes u's largest element positive.
    for i in range(rank):
        if u[i][np.argmax(np.abs(u[i]))] < 0:
            u[i], v[i] = -u[i], -v[i]
    q, r = np.linalg.qr(whole.astype(np.float64))
    signs = np.where(np.diag(r) < 0, -1.0, 1.0)
    out = {
        "name": name, "rows": whole.shape[0], "columns": whole.shape[1], "rank": rank, "matrix": whole.ravel().tolist(),
        "values": s.tolist(), "left": u.ravel().tolist(), "right": v.ravel().tolist(),
    }
    if whole.size <= 200:
        out["q"] = (q * signs).T.ravel().tolist()
        out["r"] = (signs[:, None] * r).ravel().tolist()
    return out


def decaying(rows, columns, decay):
    u = np.linalg.qr(random.normal(size=(rows, columns)))[0]
    v = np.linalg.qr(random.normal(size=(columns, columns)))[0]
    return 1e5 * (u * decay ** np.arange(columns)) @ v.T


cases = [
    case("one number", np.array([[-7]])),
    case("a row", random.normal(size=(1, 6)) * 100),
    case("a column", random.normal(size=(6, 1)) * 100),
    case("tall", random.normal(size=(9, 5)) * 100),
    case("wide", random.normal(size=(5, 9)) * 100),
    case("square", random.normal(size=(8, 8)) * 100),
    case("graded over twelve powers of ten", np.diag(10.0 ** np.arange(12, 0, -1)) + np.triu(np.ones((12, 12)), 1)),
    case("leading of a slow decay", decaying(160, 128, 0.97), 4),
    case("leading of noise", random.normal(size=(130, 150)) * 100, 4),
    case("leading of a wide one", decaying(140, 128, 0.8).T, 4),
]
json.dump({"numpy": np.__version__, "cases": cases}, sys.stdout)
