"""Saves the shared model after each round, in a folder: PEFT's files, the head, and the state of the round."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord
from safetensors import safe_open
from safetensors.numpy import save_file

ADAPTER, HEAD, ABOUT = "adapter_model.safetensors", "head.safetensors", "federated.json"


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str] | None]:
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


class SavedRounds:
    """Saved rounds in `out`. Each is complete: a folder gets its name after everything is written."""

    def __init__(self, initial: Path, out: Path, freeze_a: bool) -> None:
        self.initial, self.out, self.freeze_a = initial, out, freeze_a
        if not (initial / ADAPTER).is_file():
            raise FileNotFoundError(f"initial: {initial} has no {ADAPTER}; expected the folder that `lowrank flower app` wrote")
        out.mkdir(parents=True, exist_ok=True)

    def last(self) -> tuple[int, Path, dict]:
        """Number, folder and state of the last round; 0 and the initial files if there is none."""
        numbers = [int(path.name[6:]) for path in self.out.glob("round-*") if path.name[6:].isdigit()]
        if not numbers:
            return 0, self.initial, {}
        folder = self.out / f"round-{max(numbers):04d}"
        return max(numbers), folder, json.loads((folder / ABOUT).read_text())

    def arrays(self, folder: Path) -> ArrayRecord:
        """The arrays for the nodes: all, except A if it is frozen. Nodes compute it from the seed."""
        adapter, _ = read(folder / ADAPTER)
        # Some tasks have no head, or have it in the adapter's file.
        head = read(folder / HEAD)[0] if (folder / HEAD).is_file() else {}
        sent = {name: value for name, value in adapter.items() if not (self.freeze_a and is_a(name))}
        return ArrayRecord({name: Array(value) for name, value in {**sent, **{f"head.{n}": v for n, v in head.items()}}.items()})

    def save(self, number: int, arrays: ArrayRecord, about: dict) -> Path:
        values = {name: array.numpy() for name, array in arrays.items()}
        folder, made = self.out / f"round-{number:04d}", self.out / f".round-{number:04d}.{os.getpid()}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        shutil.copytree(self.initial, made, dirs_exist_ok=True)
        for file, prefix in ((ADAPTER, ""), (HEAD, "head.")):
            if not (self.initial / file).is_file():
                continue
            tensors, metadata = read(self.initial / file)
            own = {name: np.ascontiguousarray(values.get(prefix + name, tensor), np.float32) for name, tensor in tensors.items()}
            save_file(own, made / file, metadata)
        (made / ABOUT).write_text(json.dumps({"round": number, **about}, indent=2) + "\n")
        for path in [*made.rglob("*"), made]:
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        made.rename(folder)
        return folder


def is_a(name: str) -> bool:
    return name.endswith((".lora_A.weight", ".lora_embedding_A"))
