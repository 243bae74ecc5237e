import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";

const START = 512;

/** Field 1 of a protocol buffer with a small number, then the producer's name or an import; no header of JSON after a length. */
const isOnnxStart = (start: string) =>
  start.charCodeAt(0) === 8 && start.charCodeAt(1) < 32 && ["\u0012", ":"].includes(start[2]!) && start[8] !== "{";

/** Files that are often mistaken for a model's weights, by their first bytes, with advice. */
const kinds: readonly { readonly is: (start: string, name: string) => boolean; readonly advice: string }[] = [
  {
    is: (start) => start.startsWith("PK\u0003\u0004") || start.startsWith("\u0080\u0002"),
    advice:
      "it looks like PyTorch's own format or an archive; in Python, safetensors.torch.save_file writes its tensors as safetensors",
  },
  { is: (start) => start.startsWith("GGUF"), advice: "it is GGUF; the base's own repository has it as safetensors" },
  {
    // The version of its format, the first field that exporters write, and then another.
    is: (start, name) => name.endsWith(".onnx") || isOnnxStart(start),
    advice:
      "it is ONNX: `lowrank merge --onnx` writes an adapter into it; the base's own repository has it as safetensors",
  },
  {
    is: (start) => start.startsWith("version https://git-lfs"),
    advice: "it is a Git LFS pointer; `git lfs pull` fetches the file",
  },
  {
    is: (start) => start.startsWith("PAR1"),
    advice: "it is Parquet: examples for `lowrank finetune --data`",
  },
  {
    is: (_, name) => /\.(csv|tsv|tab|jsonl|ndjson)$/i.test(name),
    advice: "it has examples: `lowrank finetune --data` trains on them, `lowrank predict --file` predicts their labels",
  },
  {
    is: (start) => /^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(start),
    advice: "it is JSON; `lowrank inspect` of its folder shows a run, an adapter or a model",
  },
];

/** The kind of a file that is not safetensors, with advice; empty if unknown. */
export function otherKind(path: string): string | undefined {
  const buffer = Buffer.alloc(START);
  const file = openSync(path, "r");
  try {
    const start = buffer.subarray(0, readSync(file, buffer, 0, START, 0)).toString("latin1");
    return kinds.find(({ is }) => is(start, basename(path)))?.advice;
  } finally {
    closeSync(file);
  }
}
