"""Writes test/golden/parquet: small Parquet files by pyarrow, ones that can be read and ones to be refused.

Made with pyarrow 26.0.1.
Usage: python3 generate_parquet.py [FOLDER]
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "parquet")
folder.mkdir(parents=True, exist_ok=True)

texts = [f"text number {i}, caf\u00e9 \u65e5\u672c \U0001f600" if i % 7 else "again and again" for i in range(60)]
words = ["good" if i % 3 else "bad" for i in range(60)]
numbers = [i % 3 for i in range(60)]
table = pa.table(
    {
        "id": pa.array(range(60), pa.int64()),
        "text": texts,
        "word": words,
        "number": pa.array(numbers, pa.int64()),
        "flag": [n == 1 for n in numbers],
        "half": pa.array([n / 2 for n in numbers], pa.float32()),
    }
)
gaps = pa.table({"text": [None if i % 5 == 4 else t for i, t in enumerate(texts)], "word": words})
required = table.cast(pa.schema([pa.field(f.name, f.type, nullable=False) for f in table.schema]))
nested = pa.table({"text": texts, "word": words, "tags": [["a", "b"]] * 60, "pair": [{"x": 1}] * 60, "when": pa.array(range(60), pa.date32())})
hub = table.replace_schema_metadata(
    {"huggingface": json.dumps({"info": {"features": {"number": {"names": ["no", "yes", "both"], "_type": "ClassLabel"}}}})}
)


def write(name, data, **options):
    pq.write_table(data, folder / f"{name}.parquet", **options)


write("snappy", table, compression="snappy")
write("plain", table, compression="none", use_dictionary=False)
write("gzip", table, compression="gzip", row_group_size=25)
write("pages-v2", table, compression="snappy", data_page_version="2.0", data_page_size=256, write_batch_size=8)
write("required", required, compression="snappy", data_page_size=256, write_batch_size=8)
write("gaps", gaps, compression="snappy")
write("gaps-v2", gaps, compression="none", data_page_version="2.0")
write("hub", hub, compression="snappy")
hub_gaps = hub.set_column(3, "number", pa.array([None if i % 5 == 4 else n for i, n in enumerate(numbers)], pa.int64()))
write("hub-gaps", hub_gaps, compression="snappy")
write("empty", table.slice(0, 0))
write("zstd", table, compression="zstd")
write("nested", nested, compression="snappy")
# A small file of large pages: more than is made of its bytes, one group of rows at a time less.
inflated = pa.table({"text": ["a" * 10_000_000] * 4, "word": words[:4]})
write("inflated", inflated, compression="gzip", use_dictionary=False, row_group_size=1)
write("delta", table, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"})
(folder / "expected.json").write_text(json.dumps({"texts": texts, "words": words, "numbers": numbers}, ensure_ascii=False) + "\n")
