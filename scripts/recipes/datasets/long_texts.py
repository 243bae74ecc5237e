"""Data sets of long texts, as in short_texts.py."""

import re
import struct
import zlib

from packages import debian_lists, fetch, member

SECTIONS = """admin database devel editors electronics fonts games gnome graphics hamradio httpd interpreters java javascript
kernel lisp mail math net otherosfs php python ruby rust science sound tex text utils vcs video web x11""".split()


def stanzas(text):
    for stanza in text.split("\n\n"):
        fields, name = {}, None
        for line in stanza.split("\n"):
            if line.startswith(" "):
                fields[name] += "\n" + line
            elif ":" in line:
                name, value = line.split(":", 1)
                fields[name] = value.strip()
        yield fields


def packages():
    """Descriptions of Debian's packages by section, one package a source; the first by name that is described at length."""
    listed, translated, _ = debian_lists()
    long = {f["Description-md5"]: f["Description-en"] for f in stanzas(translated) if "Description-en" in f}
    rows, seen = [], set()
    for fields in sorted(stanzas(listed), key=lambda fields: fields.get("Package", "")):
        source = fields.get("Source", fields.get("Package", "")).split(" ")[0]
        description = long.get(fields.get("Description-md5"))
        if description is None or source in seen or fields.get("Section") not in SECTIONS:
            continue
        text = re.sub(r"\n \.?", " ", description)
        if len(text) < 250:
            continue
        seen.add(source)
        # Packages made from one template ("This package contains …") are found as near duplicates.
        rows.append((text, fields["Section"], source))
    return rows


NOVELS = {
    "sensesensibility": "Sense and Sensibility",
    "prideprejudice": "Pride and Prejudice",
    "mansfieldpark": "Mansfield Park",
    "emma": "Emma",
    "northangerabbey": "Northanger Abbey",
    "persuasion": "Persuasion",
}
WORDS = 100  # a passage, which is cut at the end of a paragraph


def novels():
    """Passages of Jane Austen's novels by novel; a chapter is a group."""
    path = fetch("apt", "r-cran-janeaustenr", "1.0.0-1", "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95")
    stored = member(path, "./usr/lib/R/site-library/janeaustenr/data/Rdata.rdb")
    rows = []
    for lines in text_vectors(stored):
        title = title_of(lines)
        chapter, paragraph, passage = 0, [], []
        for line in [*lines, "", "CHAPTER"]:
            heading = re.match(r"(chapter|volume)\b", line.strip(), re.I)
            if line.strip() and not heading:
                paragraph.append(line.strip())
                continue
            passage += " ".join(paragraph).split()
            paragraph = []
            if len(passage) >= WORDS:
                if chapter:
                    rows.append((" ".join(passage), title, f"{title} {chapter}"))
                passage = []
            if heading:
                chapter, passage = chapter + 1, []
    return rows


def title_of(lines):
    first = " ".join(lines[:3]).lower().replace(" and ", "").replace(" ", "")
    return next(title for key, title in NOVELS.items() if key in first)


def text_vectors(stored):
    """Vectors of strings in a lazy-load database of R: zlib streams behind their lengths, serialised in XDR."""
    place = 0
    while place < len(stored):
        stream = zlib.decompressobj()
        data = stream.decompress(stored[place + 4 :])
        place = len(stored) - len(stream.unused_data)
        texts, at = [], data.find(b"\x00\x04\x00\x09")
        while at >= 0:
            (length,) = struct.unpack(">i", data[at + 4 : at + 8])
            texts.append(data[at + 8 : at + 8 + max(0, length)].decode("utf-8", "replace"))
            after = at + 8 + max(0, length)
            at = after if data[after : after + 4] == b"\x00\x04\x00\x09" else -1
        if len(texts) > 1000:
            yield texts
