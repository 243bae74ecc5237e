"""Writes train.jsonl and held-out.jsonl from the ChatterBot corpus: pip install chatterbot-corpus==1.3.3 pyyaml; python prepare.py"""

import json
import random
from importlib.resources import files
from pathlib import Path

import yaml

# Of the corpus' English files those with answers of a line: questions of knowledge, and what a program says of itself.
NAMES = ["ai", "botprofile", "computers", "food", "history", "literature", "money", "movies", "science", "trivia"]
HELD_OUT = 60
SYSTEM = "Answer in a few words."

here = Path(__file__).parent
corpus = files("chatterbot_corpus") / "data" / "english"


def conversations():
    for name in NAMES:
        for turns in yaml.safe_load((corpus / f"{name}.yml").read_text("utf-8"))["conversations"]:
            question, answer = (" ".join(str(turn).split()) for turn in turns[:2])
            if len(answer) <= 200:
                yield question, answer


by_question = {}
for question, answer in conversations():
    by_question.setdefault(question.lower().strip(" ?.!"), []).append((question, answer))

# A question is on one side alone, whatever its answers.
keys = sorted(by_question)
random.Random(0).shuffle(keys)


def write(file, some):
    lines = [
        {
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        }
        for key in some
        for question, answer in by_question[key]
    ]
    (here / file).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    print(f"{file}: {len(lines)} conversations")


write("held-out.jsonl", keys[:HELD_OUT])
write("train.jsonl", keys[HELD_OUT:])
