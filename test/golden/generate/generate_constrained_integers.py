"""
The tokens that may follow in ../constrained/*/steps.json where a schema has integers, by another way than the automaton: a partial match of an
expression of the schema's texts. First with "-0", as the rest of that golden was made, which must give the steps as they were at COMMIT; then
without it, since JSON.stringify never writes it. Wants the package regex.

    python generate_constrained_integers.py ../constrained [--before]
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

import regex

root = Path(sys.argv[1])
INTEGER = rb"(?:-?(?:0|[1-9][0-9]*))" if "--before" in sys.argv else rb"(?:0|-?[1-9][0-9]*)"
UTF8 = (
    rb"[\x20\x21\x23-\x5b\x5d-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
STRING = rb'(?:"(?:' + UTF8 + rb'|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")'
TEXTS = {
    "object": rb'\{"name":' + STRING + rb',"age":' + INTEGER + rb"\}",
    "array_bounds": rb"\[" + INTEGER + rb"(?:," + INTEGER + rb"){0,2}\]",
}


def token_bytes(folder: Path, size: int) -> dict[int, bytes]:
    """Bytes of each token that is text."""
    parts = json.loads((folder / "tokenizer.json").read_text())
    special = {token["id"] for token in parts["added_tokens"] if token["special"]}
    if parts["decoder"]["type"] == "ByteLevel":
        own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [byte for byte in range(256) if byte not in own]
        spelled = {chr(byte): byte for byte in own} | {chr(256 + i): byte for i, byte in enumerate(others)}
        read = lambda text: bytes(spelled[character] for character in text)
    else:
        read = lambda text: (
            bytes([int(text[3:5], 16)]) if regex.fullmatch(r"<0x[0-9A-F]{2}>", text) else text.replace("▁", " ").encode()
        )
    return {id: read(text) for text, id in parts["model"]["vocab"].items() if id < size and id not in special}


for folder in sorted(path for path in root.iterdir() if path.is_dir()):
    steps = json.loads((folder / "steps.json").read_text())
    tokens = token_bytes(folder, steps["vocabulary"])
    changed = 0
    for case in steps["cases"]:
        if case["name"] not in TEXTS:
            continue
        texts = regex.compile(TEXTS[case["name"]], regex.DOTALL)
        for text in case["valid"]:
            prefix = b""
            for i, step in enumerate(text["steps"]):
                ids = [id for id, more in sorted(tokens.items()) if more and texts.fullmatch(prefix + more, partial=True)]
                sha256 = hashlib.sha256(struct.pack(f"<{len(ids)}I", *ids)).hexdigest()
                assert step["eos"] == (texts.fullmatch(prefix) is not None)
                if sha256 != step["sha256"]:
                    changed += 1
                    for key in ("ids", "some", "not"):
                        step.pop(key, None)
                    others = [id for id in tokens if id not in ids]
                    step.update({"count": len(ids), "sha256": sha256})
                    step.update({"ids": ids} if len(ids) <= 6 else {"some": ids[:3], "not": others[:3]})
                if i < len(text["ids"]):
                    prefix += tokens[text["ids"][i]]
    print(folder.name, changed, "steps changed")
    if "--before" in sys.argv:
        assert changed == 0
    elif changed:
        (folder / "steps.json").write_text(json.dumps(steps))
