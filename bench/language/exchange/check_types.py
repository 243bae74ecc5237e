"""Reads the GGUF files that main.mjs and architectures.mjs beside it left, with ggml's Python package, and compares values with ours.

    python3 bench/language/exchange/check_types.py FOLDER

FOLDER/**/values.json says of each tensor of each file the SHA-256 of the float32 values that our reader gives: they are to be those of
gguf.quants to the bit. Exits with 1 where one is not. Needs gguf 0.19.
"""

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from gguf import GGUFReader, quants


def main() -> None:
    failed, total = 0, Counter()
    for said in sorted(Path(sys.argv[1]).rglob("values.json")):
        for name, hashes in json.loads(said.read_text()).items():
            tensors = GGUFReader(said.parent / name).tensors
            assert {tensor.name for tensor in tensors} == set(hashes), f"{said.parent / name}: other tensors"
            for tensor in tensors:
                values = quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
                same = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest() == hashes[tensor.name]
                total[tensor.tensor_type.name] += 1
                failed += not same
                if not same:
                    print(f"{said.parent / name}: {tensor.name} ({tensor.tensor_type.name}) DIFFERS")
    counts = ", ".join(f"{count} {name}" for name, count in sorted(total.items()))
    print(f"tensors with gguf.quants' values to the bit: {counts}" if failed == 0 and total else f"{failed} of {counts} differ")
    sys.exit(0 if failed == 0 and total else 1)


if __name__ == "__main__":
    main()
