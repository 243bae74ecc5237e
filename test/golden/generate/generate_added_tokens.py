"""Writes what the tokenizers library makes of texts with added tokens, which take space along, stand alone or are looked for in the normalised
text, beside normalizers and ways of splitting: test/golden/tokenizers/added.json.

    python3 test/golden/generate/generate_added_tokens.py

tokenizers 0.23. Every character is a piece, so that ids say what was found, and where words begin.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

FILE = Path(__file__).parent.parent / "tokenizers/added.json"
CHARACTERS = sorted("abcxyzmkACé.[]<>| ▁\ufeff\x85")
CONTENTS = ["<mk>", "[a]", "Ab", "a b", "xx", "<|m|>", "mk", "é|", "  "]
SPACES = [" ", "  ", "    ", "\t", "\n", "\ufeff", "\x85"]
SPACED = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
NORMALIZERS = [
    None,
    SPACED,
    {"type": "Lowercase"},
    {"type": "NFD"},
    {"type": "Prepend", "prepend": "▁"},
    {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"},
    {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, SPACED]},
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
]


def metaspace(scheme, split):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def split(pattern, behavior, invert):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


BEHAVIORS = ["Isolated", "Contiguous", "Removed", "MergedWithPrevious", "MergedWithNext"]
MODELS = {
    "words": [{"type": name} for name in ["BertPreTokenizer", "WhitespaceSplit", "Whitespace"]],
    "bytes": [{"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex} for prefix in [True, False] for regex in [True, False]],
    "characters": [
        None,
        *(metaspace(scheme, parted) for scheme in ["always", "first", "never"] for parted in [True, False]),
        *(split({"Regex": "[abc]+"}, behavior, invert) for behavior in BEHAVIORS for invert in [True, False]),
        split({"String": "b"}, "MergedWithPrevious", False),
    ],
}


def model_of(kind):
    if kind == "words":
        pieces = ["[UNK]", *CHARACTERS, *("##" + character for character in CHARACTERS)]
        rest = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    else:
        pieces = ["<unk>", *(sorted(ByteLevel.alphabet()) if kind == "bytes" else CHARACTERS)]
        rest = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": False, "byte_fallback": False, "merges": []}
    return {**rest, "vocab": {piece: i for i, piece in enumerate(pieces)}}


def case(rng):
    kind = rng.choice(list(MODELS))
    model = model_of(kind)
    names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    added = [
        {"id": len(model["vocab"]) + i, "content": content, **{name: rng.random() < 0.4 for name in names}}
        for i, content in enumerate(rng.sample(CONTENTS, rng.randint(0, 4)))
    ]
    parts = {"added_tokens": added, "normalizer": rng.choice(NORMALIZERS), "pre_tokenizer": rng.choice(MODELS[kind]), "post_processor": None, "model": model}
    tokenizer = Tokenizer.from_str(json.dumps({"version": "1.0", "truncation": None, "padding": None, "decoder": None, **parts}))
    atom = lambda: rng.choice(CHARACTERS + CONTENTS) if rng.random() < 0.75 else rng.choice(SPACES)
    # No text begins with what a normalizer drops: Rust's Metaspace then takes no word as the first.
    texts = ["".join(atom() for _ in range(rng.randint(1, 9))).lstrip("\ufeff\x85") for _ in range(10)]
    return {"parts": {**parts, "model": kind}, "texts": texts, "ids": [tokenizer.encode(text).ids for text in texts]}


def main():
    rng = random.Random(7)
    models = {kind: model_of(kind) for kind in MODELS}
    cases = ",\n".join(json.dumps(case(rng), ensure_ascii=False) for _ in range(150))
    FILE.write_text(f'{{"models": {json.dumps(models, ensure_ascii=False)},\n"cases": [\n{cases}\n]}}\n')


main()
