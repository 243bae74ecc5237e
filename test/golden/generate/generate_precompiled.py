"""Writes a small table of characters as SentencePiece compiles it, and what the tokenizers library makes of texts with it:
test/golden/tokenizers/precompiled.json. With a name, such as nmt_nfkc, that of SentencePiece's own instead, to the file given.

    python3 test/golden/generate/generate_precompiled.py [RULE FILE]

tokenizers 0.23, sentencepiece 0.2.0.
"""

import base64
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, normalizers

FILE = Path(__file__).parent.parent / "tokenizers/precompiled.json"
# A cluster of two characters, one within others' beginnings, one that vanishes, one that grows, one beyond the first plane.
RULES = {
    "é": "e", "e\u0301": "E", "ﬁ": "fi", "①": "1", "\u200b": "", "\u3000": " ", "ab": "X", "a": "y", "ß": "ss", "😀": ":)",
    "ﷺ": "صلى الله عليه وسلم", "\u0301": "'", "Å": "A\u030a", "ｆ": "f", "\t": " ", "…": "...", "क\u093c": "q", "漢": "字",
}
PLAIN = "The quick brown fox, 12 of 3! "
PARTS = [*RULES, "b", "A", "e", "\u0327", "👨‍👩‍👧", "🇩🇪", "\r\n", "ก\u0e33", "한", "ᄒ\u1161\u11ab", "n\u0303", "\ufeff", "¼", " "]


def charsmap(rule):
    """The table within a model that is trained on next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        text, model = f"{folder}/text", f"{folder}/model"
        Path(text).write_text((PLAIN + "\n") * 20)
        options = {"normalization_rule_name": rule}
        if rule is None:
            lines = [" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) for a, b in RULES.items()]
            Path(f"{folder}/rules").write_text("\n".join(lines) + "\n")
            options = {"normalization_rule_tsv": f"{folder}/rules"}
        sentencepiece.SentencePieceTrainer.train(
            input=text, model_prefix=model, vocab_size=30, hard_vocab_limit=False, minloglevel=9, num_threads=1, **options
        )
        return field(field(Path(f"{model}.model").read_bytes(), 3), 2)


def field(message, wanted):
    """A field of bytes of a protocol buffer's message."""
    at, found = 0, None

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 0:
            number()
        elif key & 7 == 5:
            at += 4
        elif key & 7 == 1:
            at += 8
        else:
            length = number()
            if key >> 3 == wanted:
                found = message[at : at + length]
            at += length
    return found


def main():
    rule, file = (sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 1 else (None, FILE)
    table = charsmap(rule)
    normalizer = normalizers.Precompiled(table)
    texts = [PLAIN, *PARTS, *(a + b for a in PARTS for b in PARTS)]
    if rule is not None:
        texts = [*texts, *(chr(i) for i in range(1, 0x30000) if not 0xD800 <= i < 0xE000)]
    # Within a whole tokenizer: XLM-R's golden one.
    tokenizer = Tokenizer.from_file(str(FILE.parent.parent / "encoders/xlm-roberta/tokenizer.json"))
    tokenizer.normalizer = normalizer
    ids = [tokenizer.encode(text).ids for text in texts[:200]]
    found = {"ids": ids, "charsmap": base64.b64encode(table).decode(), "texts": texts}
    file.write_text(json.dumps({**found, "normalized": [normalizer.normalize_str(text) for text in texts]}) + "\n")


main()
