import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { clip } from "../../errors/excerpt.js";
import { type GgufFile, type GgufValue, openGguf } from "../../io/gguf/index.js";
import { fileSource } from "../../io/node/file-source.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import { tableLines } from "../terminal/terminal.js";

/** A table of a file's tensors; `kind` is the format's name for the type of their elements. */
export function tensorLines(
  kind: string,
  tensors: readonly { name: string; type: string; shape: readonly number[]; bytes: number }[],
): string[] {
  const rows = tensors.map(({ name, type, shape, bytes }) => [name, type, formatShape(shape), formatBytes(bytes)]);
  return tableLines([["tensor", kind, "shape", "size"], ...rows], ["left", "left", "left", "right"]);
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** Sorts names of modules and tensors as models have their layers: 2 before 10. */
export const inModelOrder = (a: string, b: string): number => compare(a, b);

/** The contents of a GGUF file. */
interface InspectedGguf {
  readonly file: string;
  readonly bytes: number;
  readonly version: number;
  /** Kind by its metadata: "model", "adapter"; null if not recorded. */
  readonly kind: string | null;
  readonly architecture: string | null;
  readonly name: string | null;
  readonly parameters: number;
  /** Mean bits of a weight over all tensors, scales included. */
  readonly bitsPerWeight: number;
  readonly layers: number | null;
  readonly hiddenSize: number | null;
  /** Tokens. */
  readonly contextLength: number | null;
  readonly tokenizer: { readonly model: string; readonly pre: string | null; readonly tokens: number } | null;
  readonly hasChatTemplate: boolean;
  /** Whether it has its own output layer, or tied embeddings; null if it is not a model. */
  readonly tiedEmbeddings: boolean | null;
  /** Tensors, values and bytes of each element type. */
  readonly types: Readonly<
    Record<string, { readonly tensors: number; readonly values: number; readonly bytes: number }>
  >;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }[];
}

/** Whether a file is GGUF by its first bytes. */
export function isGguf(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(4);
    return readSync(file, start, 0, 4, 0) === 4 && start.toString("latin1") === "GGUF";
  } finally {
    closeSync(file);
  }
}

/** Reads a GGUF file's header. Throws `FormatError` for a damaged file. */
export async function inspectGguf(path: string): Promise<InspectedGguf> {
  const file = await openGguf(await fileSource(path), path);
  try {
    return describe(path, file);
  } finally {
    await file.close();
  }
}

function describe(path: string, file: GgufFile): InspectedGguf {
  const { metadata, names, version } = file;
  const text = (key: string) => stringOr(metadata.get(key));
  const architecture = text("general.architecture");
  const number = (name: string) => numberOr(metadata.get(`${architecture}.${name}`));
  const tensors = names.map((name) => ({ name, ...file.info(name) }));
  const types: Record<string, { tensors: number; values: number; bytes: number }> = {};
  for (const { type, shape, bytes } of tensors) {
    const sum = (types[type] ??= { tensors: 0, values: 0, bytes: 0 });
    sum.tensors++;
    sum.values += sizeOf(shape);
    sum.bytes += bytes;
  }
  const parameters = Object.values(types).reduce((sum, { values }) => sum + values, 0);
  const stored = Object.values(types).reduce((sum, { bytes }) => sum + bytes, 0);
  const [model, tokens] = [text("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.tokens")];
  return {
    file: path,
    bytes: statSync(path).size,
    version,
    architecture,
    parameters,
    kind: text("general.type"),
    name: text("general.name"),
    bitsPerWeight: parameters === 0 ? 0 : (8 * stored) / parameters,
    layers: number("block_count"),
    hiddenSize: number("embedding_length"),
    contextLength: number("context_length"),
    tokenizer:
      model === null
        ? null
        : { model, pre: text("tokenizer.ggml.pre"), tokens: Array.isArray(tokens) ? tokens.length : 0 },
    hasChatTemplate: typeof metadata.get("tokenizer.chat_template") === "string",
    tiedEmbeddings: file.has("token_embd.weight") ? !file.has("output.weight") : null,
    types,
    tensors,
  };
}

const stringOr = (value: GgufValue | undefined) => (typeof value === "string" ? value : null);
const numberOr = (value: GgufValue | undefined) => (typeof value === "number" ? value : null);

/** The file as text. */
export function ggufLines(found: InspectedGguf): string[] {
  const { file, bytes, version, kind, architecture, name, parameters, bitsPerWeight, tokenizer } = found;
  const shown = (text: string | null, otherwise: string) => (text === null ? otherwise : clip(text, 80));
  const size = found.layers === null ? "" : `, ${found.layers} layers of ${found.hiddenSize ?? "?"}`;
  const head = found.tiedEmbeddings === true ? ", with tied embeddings" : "";
  const about = [
    [file, `GGUF ${version}, ${formatBytes(bytes)}, ${formatCount(found.tensors.length)} tensors`],
    ["  holds", `${shown(kind, "model")}: ${shown(architecture, "of an unnamed architecture")}${size}${head}`],
    ...(name === null ? [] : [["  name", clip(name, 80)]]),
    ["  parameters", `${formatCount(parameters)}, ${bitsPerWeight.toFixed(2)} bits each`],
    ...(found.contextLength === null ? [] : [["  context", `${formatCount(found.contextLength)} tokens`]]),
    [
      "  tokenizer",
      tokenizer === null
        ? "none"
        : `${clip(tokenizer.model, 40)}, ${formatCount(tokenizer.tokens)} tokens${tokenizer.pre === null ? "" : `, pre-tokenizer ${clip(tokenizer.pre, 40)}`}`,
    ],
    ["  chat template", found.hasChatTemplate ? "yes" : "no"],
  ];
  const types = Object.entries(found.types).map(([type, sum]) => [
    type,
    formatCount(sum.tensors),
    formatCount(sum.values),
    formatBytes(sum.bytes),
  ]);
  return [
    ...tableLines(about),
    "",
    ...tableLines([["type", "tensors", "values", "size"], ...types], ["left", "right", "right", "right"]),
    "",
    ...tensorLines("type", found.tensors),
  ];
}
