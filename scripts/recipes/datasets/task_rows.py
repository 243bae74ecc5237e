"""Data sets of the other tasks: each function gives the columns' names and rows (values, group), for a table with a header.

The rows of a group stay on one side of the split together.
"""

import io
import json
import re
import tarfile

from long_texts import stanzas
from packages import debian_lists, fetch, member, members
from short_texts import dialogue_package, vader, wordnet


def dictionary():
    """For `pairs`: a definition, and the noun that it defines with its synonyms. A reverse dictionary is a search."""
    rows = []
    for line in member(wordnet(), "package/dict/data.noun").decode("utf-8").splitlines():
        if line.startswith("  "):
            continue
        head, gloss = line.split(" | ", 1)
        fields = head.split(" ")
        names = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
        definition = re.sub(r'[;:]?\s*".*$', "", gloss).strip(" ;")
        # A definition that names its word needs no dictionary.
        if len(definition) > 25 and not any(name.lower() in definition.lower() for name in names):
            rows.append(((definition, ", ".join(names)), names[0].lower()))
    return ("anchor", "positive"), rows


def answers():
    """For `pairs`: what people say to a chat bot, and its answer."""
    import yaml

    path = dialogue_package()
    rows = []
    for name in members(path, ".yml"):
        if "/english/" not in name:
            continue
        for said in yaml.safe_load(member(path, name))["conversations"]:
            if len(said) > 1 and all(isinstance(text, str) for text in said[:2]):
                rows.append((tuple(said[:2]), said[0].lower()))
    return ("anchor", "positive"), rows


def relatedness():
    """For `pairs` with a score: two words, and how related 13 to 16 people found them, from 0 to 1."""
    sha256 = "d662bf96e3d741b6ab61a54be842a7cbf5e45193008b2f4225c758cafd7f9cdc"
    path = fetch("pip-linux", "gensim", "4.3.3", sha256)
    lines = member(path, "gensim/test/test_data/wordsim353.tsv").decode("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return ("sentence1", "sentence2", "score"), [((a, b, f"{float(score) / 10:.3f}"), a.lower()) for a, b, score in rows]


def ratings():
    """For `regress`: tweets, and the mean of 20 people's ratings of their sentiment, from -4 to 4."""
    packed = member(vader(), "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        lines = archive.extractfile("hutto_ICWSM_2014/tweets_GroundTruth.txt").read().decode("utf-8", "replace")
    rows = [line.split("\t", 2) for line in lines.splitlines()]
    return ("text", "score"), [((text, rating), None) for _, rating, text in rows]


def features():
    """For `classify` with several labels: what browsers can do, by caniuse.com's categories, one to four each."""
    sha256 = "74939a26b7f2ccdec33426215553be7b12b37996924e596190edbdf05219a1ad"
    path = fetch("npm", "caniuse-db", "1.0.30001751", sha256)
    entries = json.loads(member(path, "package/data.json"))["data"].values()
    rare = ("Canvas", "PNG", "CSS2", "Other")
    rows = []
    for entry in entries:
        labels = [label for label in entry["categories"] if label not in rare]
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", f"{entry['title']}: {entry['description']}")
        if labels:
            rows.append(((text, ";".join(labels)), None))
    return ("text", "labels"), rows


def uses():
    """For `classify` with several labels: Debian's packages, one a source, by what they are used for (debtags' `use`)."""
    listed, translated, _ = debian_lists()
    long = {f["Description-md5"]: f["Description-en"] for f in stanzas(translated) if "Description-en" in f}
    rows, seen = [], set()
    for fields in sorted(stanzas(listed), key=lambda fields: fields.get("Package", "")):
        source = fields.get("Source", fields.get("Package", "")).split(" ")[0]
        description = long.get(fields.get("Description-md5"))
        tags = fields.get("Tag", "")
        # "use::{editing,viewing}" is short for both.
        groups = re.findall(r"use::(?:\{([^}]*)\}|([^,\s]+))", tags)
        labels = [label for several, one in groups for label in (several or one).split(",")]
        if description is None or source in seen or not labels:
            continue
        seen.add(source)
        rows.append(((re.sub(r"\n \.?", " ", description), ";".join(labels)), source))
    return ("text", "labels"), rows


TASKS = {function.__name__: function for function in (dictionary, answers, relatedness, ratings, features, uses)}
