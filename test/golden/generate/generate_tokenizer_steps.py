"""Writes what the tokenizers library makes of awkward texts, step by step: test/golden/tokenizers/steps.json.

    python3 test/golden/generate/generate_tokenizer_steps.py

tokenizers 0.23. Every character is a piece, so that ids say what a text was normalised to and where words begin.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer

FILE = Path(__file__).parent.parent / "tokenizers/steps.json"
BERT = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
NORMALIZERS = {
    "bert": BERT,
    "bert, not cleaned": {**BERT, "clean_text": False},
    "bert with capitals": {**BERT, "lowercase": False},
    "bert with accents": {**BERT, "strip_accents": False},
    "bert with Chinese words": {**BERT, "handle_chinese_chars": False},
}
LOWERCASE = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "StripAccents"}]}
AFTER_STRIP = {"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "x"}]}
DOLLARS = {"type": "Replace", "pattern": {"String": "a"}, "content": "$&$`"}
STRIP = [{"type": "Strip", "strip_left": left, "strip_right": right} for left, right in [(True, True), (True, False), (False, True)]]


def metaspace(scheme, split=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


BEHAVIORS = ["Isolated", "Contiguous", "Removed", "MergedWithPrevious", "MergedWithNext"]
SPLITS = {
    "white space": {"type": "WhitespaceSplit"},
    "words": {"type": "Whitespace"},
    "single digits": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True}]},
    "digits": {"type": "Digits", "individual_digits": False},
    "byte-level": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    **{
        f"signs for spaces, split {split}": metaspace("always", split)
        for split in [True, False]
    },
    "the first word's sign": metaspace("first"),
    **{
        f"white space, {scheme} sign": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace(scheme)]}
        for scheme in ["always", "first"]
    },
    **{
        f"punctuation, {how}": {"type": "Punctuation", "behavior": how}
        for how in BEHAVIORS
    },
    **{
        f"split at {name}, {how}": {"type": "Split", "pattern": pattern, "behavior": how, "invert": False}
        for name, pattern in [("spaces", {"String": " "}), ("letters", {"Regex": "[a-zé]"})]
        for how in BEHAVIORS
    },
    "four characters": {"type": "FixedLength", "length": 4},
}
ATOMS = (
    ["a", "B", "it", "'s", ".", "--", "!", "“", "^", "$", "+", "_", "1", "٣", "½", "²", "Ⅷ", " ", "  ", "\t", "\n", "\r\n"]
    + ["Σ", "ΟΔΟΣ", "ας", "σ", "ᾳ", "İ", "ı", "ß", "ẞ", "ſ", "ﬁ", "é", "e\u0301", "É", "ǅ", "Å", "\u0345"]
    + ["\ufeff", "\x85", "\u200b", "\u200d", "\xa0", "\u3000", "\u2028", "\xad", "\u2060", "\ufffd", "\0", "\x01", "\x0b", "\x7f", "\ue000"]
    + ["中", "\u3400", "豈", "\U00020000", "\U0002b820", "\U0002b920", "\U0002f800", "😀", "ก", "ำ", "हि", "न्", "مَ", "한", "\u1112\u1161", "カ\u3099"]
)


def variants():
    bert = {"type": "BertPreTokenizer"}
    for name, flags in NORMALIZERS.items():
        yield name, {"type": "BertNormalizer", **flags}, bert
    yield "no normalizer", None, bert
    yield "lowercase", LOWERCASE, bert
    for step in STRIP:
        yield f"strip {step['strip_left']} {step['strip_right']}", step, {"type": "Punctuation", "behavior": "Isolated"}
    yield "prepend after strip", AFTER_STRIP, bert
    yield "dollars for a letter", DOLLARS, bert
    for name, step in SPLITS.items():
        yield name, None, step


def main():
    rng = random.Random(3)
    texts = [*ATOMS, *(f"a{atom} {atom}b" for atom in ATOMS)]
    texts += ["".join(rng.choice(ATOMS) for _ in range(rng.randint(2, 7))) for _ in range(60)]
    cases = list(variants())
    seen = set()
    for _, normalizer, step in cases:
        for text in texts:
            part = json.dumps({"normalizer": normalizer})
            normal = text if normalizer is None else make({}, json.loads(part)["normalizer"], step).normalizer.normalize_str(text)
            words = make({}, None, step).pre_tokenizer.pre_tokenize_str(normal)
            seen.update(character for word, _ in words for character in word)
    pieces = ["[UNK]", *sorted(seen), *(f"##{character}" for character in sorted(seen))]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    found = []
    for name, normalizer, step in cases:
        tokenizer = make(vocab, normalizer, step)
        ids = [tokenizer.encode(text).ids for text in texts]
        assert not any(0 in row for row in ids)
        found.append({"name": name, "normalizer": normalizer, "pre_tokenizer": step, "ids": ids})
    FILE.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case) for case in found)
    FILE.write_text(f'{{"pieces": {json.dumps(pieces)},\n"texts": {json.dumps(texts)},\n"cases": [\n{lines}\n]}}\n')


def make(vocab, normalizer, step):
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab}
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer}
    return Tokenizer.from_str(json.dumps({**whole, "pre_tokenizer": step, "post_processor": None, "decoder": None, "model": model}))


main()
