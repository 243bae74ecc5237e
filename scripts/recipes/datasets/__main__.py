"""Builds the data sets on which the default recipe was chosen, each from a package that a package manager fetches.

    python3 scripts/recipes/datasets [FOLDER] [NAME …]

Writes NAME_pool.tsv and NAME_test.tsv (label, group, text; no header, no quoting), for the tasks besides `classify` NAME_pool.csv
and NAME_test.csv with a header, and datasets.json with counts and checksums to FOLDER, by default data in $LOWRANK_RECIPES or ~/.cache/lowrank-recipes. Needs Python 3.9 with PyYAML, npm, and for two of
them Debian's apt. README.md beside this file says where the texts are from and under which licence.
"""

import csv
import hashlib
import io
import json
import sys
from collections import Counter
from pathlib import Path

import long_texts
import short_texts
from packages import CACHE
from split import part, part_rows
from task_rows import TASKS

DATASETS = {
    **{name: getattr(short_texts, name) for name in ("movie", "tweets", "emoji", "glosses", "dialogue", "lints")},
    **{name: getattr(long_texts, name) for name in ("packages", "novels")},
}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE / "data"
    folder.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or [*DATASETS, *TASKS]
    path = folder / "datasets.json"
    summary = json.loads(path.read_text()) if path.exists() else {}
    for name in names:
        if name in TASKS:
            summary[name] = write_table(folder, name)
            continue
        parts = dict(zip(("pool", "test"), part(name, DATASETS[name]())))
        summary[name] = {"classes": len({row[1] for row in parts["pool"]})}
        for which, rows in parts.items():
            text = "".join(f"{label}\t{group}\t{text}\n" for text, label, group in rows)
            (folder / f"{name}_{which}.tsv").write_text(text, "utf-8")
            counts = dict(Counter(row[1] for row in rows).most_common())
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            summary[name][which] = {"examples": len(rows), "counts": counts, "sha256": sha256}
        lengths = sorted(len(text.split()) for text, _, _ in parts["pool"])
        summary[name]["words"] = {f"{q}%": lengths[(len(lengths) - 1) * q // 100] for q in (5, 50, 95)}
        sizes = ", ".join(f"{which} {summary[name][which]['examples']}" for which in parts)
        print(f"{name}: {summary[name]['classes']} classes, {sizes}, words {summary[name]['words']}", flush=True)
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_table(folder, name):
    columns, rows = TASKS[name]()
    summary = {"columns": columns}
    for which, part in zip(("pool", "test"), part_rows(name, rows)):
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([columns, *part])
        text = written.getvalue()
        (folder / f"{name}_{which}.csv").write_text(text, "utf-8")
        summary[which] = {"examples": len(part), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    print(f"{name}: pool {summary['pool']['examples']}, test {summary['test']['examples']}", flush=True)
    return summary


if __name__ == "__main__":
    main()
