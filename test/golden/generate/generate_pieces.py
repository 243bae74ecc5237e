"""Writes what the tokenizers library makes of words by byte-pair models of every setting, and by Unigram's: test/golden/tokenizers/pieces.json.

    python3 test/golden/generate/generate_pieces.py

tokenizers 0.23. Vocabularies lack some characters; texts are of few, so that many pieces meet.
"""

import itertools
import json
import random
from pathlib import Path

from tokenizers import Tokenizer

FILE = Path(__file__).parent.parent / "tokenizers/pieces.json"
CHARACTERS = ["a", "b", "c", "ß", "😀"]
MISSING = ["x", "é", "中"]
# Of "中" one is not there.
BYTES = [f"<0x{byte:02X}>" for byte in sorted(set("".join(CHARACTERS + MISSING + ["#", "/"]).encode()))[:-1]]


def byte_pairs(rng, prefix, suffix, unknown, fuse, fallback, whole):
    """A model and its merges, each of pieces that are there."""
    start = [*CHARACTERS, *([prefix + character for character in CHARACTERS] if prefix else [])]
    pieces = [*start, *([piece + suffix for piece in start] if suffix else [])]
    merges = []
    for _ in range(14):
        left, right = rng.choice(pieces), rng.choice(pieces)
        # Nothing follows the last of a word, and what follows another has the prefix.
        if (suffix and left.endswith(suffix)) or (prefix and not right.startswith(prefix)) or [left, right] in merges:
            continue
        merges.append([left, right])
        made = left + right[len(prefix or "") :]
        if made not in pieces:
            pieces.append(made)
    names = ["<unk>", *pieces, *(BYTES if fallback else []), "abx", "xx"]
    return {
        **{"type": "BPE", "dropout": None, "unk_token": unknown, "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix},
        **{"fuse_unk": fuse, "byte_fallback": fallback, "ignore_merges": whole},
        **{"vocab": {name: i for i, name in enumerate(dict.fromkeys(names))}, "merges": merges},
    }


def tokenizer_of(given):
    parts = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "post_processor": None, "decoder": None}
    return {**parts, "pre_tokenizer": {"type": "WhitespaceSplit"}, "model": given}


def unigram(rng, fallback):
    pieces = ["<unk>", *CHARACTERS, *(BYTES if fallback else []), *(["xé"] if rng.random() < 0.3 else [])]
    pieces += ["".join(rng.choices(CHARACTERS, k=rng.randint(2, 4))) for _ in range(15)]
    vocab = [[piece, -round(8 * rng.random(), 3)] for piece in dict.fromkeys(pieces)]
    return {"type": "Unigram", "unk_id": 0, "byte_fallback": fallback, "vocab": vocab}


def case(rng, model):
    words = ["".join(rng.choices(CHARACTERS + MISSING, [5, 5, 3, 1, 1, 1, 1, 1], k=rng.randint(1, 12))) for _ in range(12)]
    texts = ["abx", "xx xx", "xé x é", *(" ".join(rng.sample(words, rng.randint(1, 3))) for _ in range(12))]
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_of(model)))
    return {"model": model, "texts": texts, "ids": [tokenizer.encode(text).ids for text in texts]}


def main():
    rng = random.Random(11)
    flags = [False, True]
    settings = list(itertools.product([None, "", "##"], [None, "</w>"], [None, "<unk>"], flags, flags, flags))
    models = [byte_pairs(rng, *setting) for setting in rng.sample(settings, 60)] + [unigram(rng, i % 2 == 0) for i in range(30)]
    FILE.write_text("[\n" + ",\n".join(json.dumps(case(rng, model), ensure_ascii=False) for model in models) + "\n]\n")


main()
