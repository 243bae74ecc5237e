"""Cleans the rows of a data set and parts them so that no text stands, exactly or nearly, on both sides."""

import hashlib
import re
from collections import Counter, defaultdict

POOL, TEST = 4000, 1000  # examples at most
TEST_SHARE = 0.25
LEAST = 8  # examples of a class; smaller ones are left out
ALIKE = 0.5  # share of three-word sequences that two near duplicates have in common


def words(text):
    return re.sub(r"\d+", "0", re.sub(r"[^\w\s]", "", text.lower())).split()


def part(name, rows):
    """Rows (text, label, group) as (training pool, test): lists of (text, label, number of the group)."""
    rows = numbered(unique((" ".join(text.split()), label, group) for text, label, group in rows))
    counts = Counter(label for _, label, _ in rows)
    rows = [row for row in rows if counts[row[1]] >= LEAST]
    groups = defaultdict(list)
    for row in rows:
        groups[row[2]].append(row)
    # An order that does not change when a package's list grows by a few.
    order = sorted(groups.values(), key=lambda group: hashlib.sha256(f"{name}\n{group[0][0]}".encode()).digest())
    kept, total = [], 0
    for group in order:
        if total + len(group) <= POOL + TEST:
            kept, total = [*kept, group], total + len(group)
    size = min(TEST, round(total * TEST_SHARE))
    counts = Counter(row[1] for group in kept for row in group)
    quota = {label: round(size * count / total) for label, count in counts.items()}
    pool, test, taken = [], [], Counter()
    for group in kept:
        label = group[0][1]
        if taken[label] + len(group) <= quota[label]:
            taken.update(row[1] for row in group)
            test += group
        else:
            pool += group
    return pool, test


def part_rows(name, rows):
    """Rows (values, group) of a task's table as (training pool, test): lists of values. All but the last value are the text."""
    texts = numbered(unique((" ".join(" ".join(values[:-1]).split()), tuple(values), group) for values, group in rows))
    groups = defaultdict(list)
    for _, values, group in texts:
        groups[group].append([" ".join(value.split()) for value in values])
    order = sorted(groups.values(), key=lambda group: hashlib.sha256(f"{name}\n{group[0][0]}".encode()).digest())
    pool, test = [], []
    size = min(TEST, round(len(texts) * TEST_SHARE))
    for group in order:
        side, most = (test, size) if len(test) < size else (pool, POOL)
        if len(side) + len(group) <= most:
            side += group
    return pool, test


def unique(rows):
    """Each text once; texts that have two labels are left out."""
    found, labels = {}, defaultdict(set)
    for text, label, group in rows:
        key = " ".join(words(text))
        labels[key].add(label)
        found.setdefault(key, (text, label, group))
    return [row for key, row in found.items() if key and len(labels[key]) == 1]


def numbered(rows):
    """The rows with a number for what hangs together by its group or as near duplicates."""
    parents = list(range(len(rows)))

    def root(i):
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    first, holders = {}, defaultdict(list)
    shingles = []
    for i, (text, _, group) in enumerate(rows):
        if group is not None:
            parents[root(i)] = root(first.setdefault(group, i))
        tokens = words(text)
        shingles.append({tuple(tokens[j : j + 3]) for j in range(max(1, len(tokens) - 2))})
        common = Counter()
        for shingle in shingles[i]:
            # What stands in a hundred texts is a turn of phrase.
            if len(holders[shingle]) < 100:
                common.update(holders[shingle])
                holders[shingle].append(i)
        for j, count in common.items():
            if count >= ALIKE * min(len(shingles[i]), len(shingles[j])):
                parents[root(i)] = root(j)
    return [(text, label, root(i)) for i, (text, label, _) in enumerate(rows)]
