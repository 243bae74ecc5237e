"""Writes what transformers' pipeline for token classification finds with the aggregation "first" in the checkpoints of test/golden/tokens,
which generate_tokens.py makes: into first.json of each. Words have white space around them, where its rules for words and ours agree.

    python3 test/golden/generate/generate_token_words.py

torch 2.15, transformers 5.24. Of those with WordPiece alone: a piece of nothing but a space is a word of its own to the pipeline, where training takes it for the next one's first.
"""

import json
from pathlib import Path

import transformers

GOLDEN = Path(__file__).parent.parent
FAMILIES = ["bert", "distilbert", "electra", "mpnet"]
TEXTS = [
    "Zbrzezny lived in Kwazimbe .",
    "Ada Lovelace met Charles Babbage in London , did she not ?",
    "Übergrößen in Köln and naïve façades cost 100 francs",
]


def main():
    for family in FAMILIES:
        file = str(GOLDEN / "encoders" / family / "tokenizer.json")
        # The pipeline tells unknown words from pieces of words by it.
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=file, unk_token="[UNK]")
        model = transformers.AutoModelForTokenClassification.from_pretrained(GOLDEN / "tokens" / family).eval()
        tagger = transformers.pipeline("token-classification", model=model, tokenizer=tokenizer, device="cpu")
        spans = [
            [
                dict(label=str(e["entity_group"]), probability=float(e["score"]), start=int(e["start"]), end=int(e["end"]))
                for e in tagger(text, aggregation_strategy="first")
            ]
            for text in TEXTS
        ]
        found = {"texts": TEXTS, "spans": spans}
        (GOLDEN / "tokens" / family / "first.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


main()
