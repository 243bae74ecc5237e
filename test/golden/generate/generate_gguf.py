"""GGUF files of every kind of value, and what ggml's own Python package makes of their tensors: test/golden/gguf.

    python3 generate_gguf.py

Made with gguf 0.19.0, numpy, safetensors.
"""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, GGUFValueType, quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from safetensors.numpy import save_file

OUT = Path(__file__).parent.parent / "gguf"
TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
# Where a block of each type has numbers of 16 bits.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
SPECIAL = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0x3C00]


def blocks_of(name: str, random: np.random.Generator) -> np.ndarray:
    """Blocks of random bits: first scales of every kind, then those of weights."""
    elements, size = GGML_QUANT_SIZES[Type[name]]
    rows = 2 * len(SPECIAL)
    blocks = random.integers(0, 256, (rows, max(1, 32 // elements) * size), dtype=np.uint8)
    for at in HALVES.get(name, []):
        halves = np.concatenate([SPECIAL, random.normal(0, 0.01, len(SPECIAL)).astype(np.float16).view(np.uint16)])
        blocks[:, at : at + 2] = random.permutation(halves).astype(np.uint16).reshape(-1, 1).view(np.uint8)
    return blocks


def write_blocks() -> None:
    random = np.random.default_rng(7)
    writer = GGUFWriter(OUT / "blocks.gguf", "blocks")
    values = {}
    for name in TYPES:
        blocks = blocks_of(name, random)
        writer.add_tensor(name, blocks, raw_dtype=Type[name])
        with np.errstate(all="ignore"):
            values[name] = np.ascontiguousarray(quants.dequantize(blocks, Type[name]).astype(np.float32))
    # One that has no values here.
    writer.add_tensor("IQ4_NL", random.integers(0, 256, (2, 18), dtype=np.uint8), raw_dtype=Type.IQ4_NL)
    finish(writer)
    save_file(values, OUT / "blocks.safetensors")


def write_values() -> None:
    writer = GGUFWriter(OUT / "values.gguf", "values")
    writer.add_custom_alignment(64)
    for name, value in [("UINT8", 200), ("INT8", -100), ("UINT16", 60000), ("INT16", -30000), ("UINT32", 4000000000)]:
        writer.add_key_value(name, value, GGUFValueType[name])
    for name, value in [("INT32", -2000000000), ("UINT64", 2**63 + 1), ("INT64", -(2**53) + 1), ("FLOAT32", 0.1)]:
        writer.add_key_value(name, value, GGUFValueType[name])
    writer.add_float64("FLOAT64", 0.1)
    writer.add_bool("BOOL", True)
    writer.add_string("STRING", "naïve 日本 😀")
    writer.add_array("numbers", [1, -2, 3])
    writer.add_array("floats", [0.5, -0.25])
    writer.add_array("words", ["a", "", "é", "x" * 40])
    writer.add_array("flags", [True, False])
    writer.add_array("nested", [[1, 2], [3]])
    writer.add_tensor("vector", np.arange(5, dtype=np.float32))
    writer.add_tensor("cube", np.arange(24, dtype=np.float16).reshape(2, 3, 4))
    writer.add_tensor("integers", np.arange(3, dtype=np.int32))
    finish(writer)


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


OUT.mkdir(exist_ok=True)
write_blocks()
write_values()
