import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { ByteSource } from "../../io/byte-source.js";
import { type GgufFile, openGguf } from "../../io/gguf/index.js";
import { MERGED_KEY } from "../../io/peft/index.js";
import { fromHalf, toHalf } from "../../io/safetensors/convert.js";
import type { Dtype, GroupedTensors, OpenTensorFile } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/tensor.js";
import { transposedFile } from "../weight-reader.js";
import { MetadataValues } from "./metadata-values.js";
import { ggufArchitecture, tensorName } from "./names.js";
import { columnsReordered, conversionOf, convolutionShape, ordersIn, reordered, type TensorOrder } from "./rows.js";

/** Converts bytes of a file's type to a frozen weight's format; null if the format cannot represent the values. */
type Conversion = (bytes: Uint8Array) => Uint8Array | null;

/** d·(q − 8) is d·q − 8d: both exact, unless 8d is beyond binary16. */
const fromQ4_0: Conversion = (bytes) => {
  const groups = bytes.length / 18;
  const result = new Uint8Array(20 * groups);
  for (let group = 0; group < groups; group++) {
    const [from, to] = [18 * group, 20 * group];
    const minimum = toHalf(-8 * fromHalf(bytes[from]! | (bytes[from + 1]! << 8)));
    if ((minimum & 0x7c00) === 0x7c00) return null;
    result.set(bytes.subarray(from, from + 2), to);
    result[to + 2] = minimum & 255;
    result[to + 3] = minimum >> 8;
    result.set(bytes.subarray(from + 2, from + 18), to + 4);
  }
  return result;
};

/** d·(q − 16): codes of 5 bits are bytes, too. */
const fromQ5_0: Conversion = (bytes) => {
  const groups = bytes.length / 22;
  const result = new Uint8Array(34 * groups);
  for (let group = 0; group < groups; group++) {
    const [from, to] = [22 * group, 34 * group];
    result.set(bytes.subarray(from, from + 2), to);
    for (let i = 0; i < 32; i++) {
      const low = (bytes[from + 6 + (i & 15)]! >> (i < 16 ? 0 : 4)) & 15;
      const high = (bytes[from + 2 + (i >> 3)]! >> (i & 7)) & 1;
      result[to + 2 + i] = (low | (high << 4)) - 16;
    }
  }
  return result;
};

const asItIs: Conversion = (bytes) => bytes;

/** The format that holds exactly what a type of a file says, and how its bytes become that format's. */
export const exactFormats: Readonly<Record<string, readonly ["q8" | "q4", Conversion]>> = {
  Q8_0: ["q8", asItIs],
  Q5_0: ["q8", fromQ5_0],
  Q4_1: ["q4", asItIs],
  Q4_0: ["q4", fromQ4_0],
};

/** A value without groups counts as much as so many with groups: files of few bits keep small layers as they are. */
const PLAIN = 15;

/** The format of tensors that are joined in one weight: theirs if it is the same, otherwise the nearest of all but small ones. */
const joinedFormat: GroupedTensors["joined"] = ({ info, grouped }, names) => {
  const [only, ...others] = new Set(names.map((name) => grouped!.format(name)));
  if (only && others.length === 0) return only;
  const share = (name: string) => (grouped!.nearest(name) === null ? -PLAIN : 1) * sizeOf(info(name).shape);
  return names.reduce((sum, name) => sum + share(name), 0) > 0 ? "q8" : null;
};

/** Types of a file that are elements one after another, named alike here and there. */
const plain: readonly string[] = ["F32", "F16", "BF16"] satisfies readonly Dtype[];
/** Whether a type is quantised in groups. */
export const isGrouped = (type: string) => type.includes("Q");

/** Types whose values are read. */
const grouped: readonly string[] = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"];

/**
 * A GGUF file's tensors as in a safetensors file of the same model: Hugging Face's names, its order of rows of queries and keys, and norms
 * without GGUF's added constant. Quantised tensors read as "F32"; `grouped` has their original types. Throws `UnsupportedError` for unknown
 * architectures and types, `ModelError` for an invalid number of heads.
 */
export function ggufTensors(file: GgufFile): OpenTensorFile {
  const architecture = ggufArchitecture(file.metadata.get("general.architecture"));
  const own = new Map<string, string>();
  for (const name of file.names) {
    const other = tensorName(architecture, name);
    if (other !== null) own.set(other, name);
  }
  const ownName = (name: string) => {
    const found = own.get(name);
    if (found !== undefined) return found;
    throw new ConfigError(`the GGUF file has no tensor for ${excerpt(name)}; it has ${own.size}`, { tensor: name });
  };
  const typeOf = (name: string) => file.info(ownName(name)).type;
  const orders = ordersIn(architecture, new MetadataValues(file.metadata));

  const info: OpenTensorFile["info"] = (name) => {
    const { type, shape: stored } = file.info(ownName(name));
    const shape = convolutionShape(name, stored);
    if (plain.includes(type)) return { dtype: type as Dtype, shape };
    if (grouped.includes(type)) return { dtype: "F32", shape };
    throw new UnsupportedError(`tensor ${excerpt(ownName(name))} is of type ${type}, which is not read`, {
      tensor: name,
      dtype: type,
    });
  };
  const orderOf = (name: string) => orders.rows(name, info(name).shape[0] ?? 1);
  /** All of a tensor's bytes, its rows in Hugging Face's order. */
  const whole = async (name: string) => {
    const place = orderOf(name);
    const stored = await file.raw(ownName(name));
    const bytes = place === null ? stored : reordered(stored, info(name).shape[0] ?? 1, place);
    const conversion = conversionOf(architecture, name);
    if (conversion === null) return bytes;
    if (typeOf(name) !== "F32")
      throw new UnsupportedError(`tensor ${excerpt(ownName(name))}: a norm or a decay is F32`, { tensor: name });
    const values = new Float32Array(new Uint8Array(bytes).buffer);
    return new Uint8Array(values.map(conversion.fromFile).buffer);
  };
  const rangeOf = rangesOfWhole(whole);
  const stored: OpenTensorFile = {
    names: [...own.keys()],
    metadata: new Map([["format", "pt"], ...mergedText(file)]),
    has: (name) => own.has(name),
    info,
    tensor: async (name) => {
      const { shape } = info(name);
      return { shape, data: file.decode(ownName(name), await whole(name)) };
    },
    raw: async (name, begin, end) =>
      orderOf(name) === null && conversionOf(architecture, name) === null
        ? file.raw(ownName(name), begin, end)
        : rangeOf(name, begin, end),
    close: file.close,
    grouped: {
      format: (name) => exactFormats[typeOf(name)]?.[0] ?? null,
      nearest: (name) => (plain.includes(typeOf(name)) ? null : (exactFormats[typeOf(name)]?.[0] ?? "q8")),
      joined: joinedFormat,
      convert: (name, bytes) => exactFormats[typeOf(name)]![1](bytes),
      values: (name, bytes) => file.decode(ownName(name), bytes),
      rowBytes: (name) => {
        const { shape, bytes } = file.info(ownName(name));
        return (
          bytes /
          Math.max(
            1,
            shape.slice(0, -1).reduce((product, length) => product * length, 1),
          )
        );
      },
    },
  };
  if (architecture.order === "tiled") return columnsMoved(stored, orders.columns);
  return architecture.inFirst ? linearsTransposed(stored) : stored;
}

/** Adapters merged into the weights, if a file's metadata record them. */
export function mergedText({ metadata }: Pick<GgufFile, "metadata">): [string, string][] {
  const text = metadata.get(MERGED_KEY);
  return typeof text === "string" ? [[MERGED_KEY, text]] : [];
}

/**
 * Tensors as in safetensors files of a Conv1D model, whose linear weights are `[in, out]`. As stored in the file, possibly quantised,
 * they are `outFirst`.
 */
function linearsTransposed(stored: OpenTensorFile): OpenTensorFile {
  const transposed = transposedFile(stored);
  const isLinear = (name: string) => /\.c_(?:attn|proj|fc)\.weight$/.test(name);
  const of = (name: string) => (isLinear(name) ? transposed : stored);
  const rangeOf = rangesOfWhole(transposed.raw);
  return {
    ...stored,
    info: (name) => of(name).info(name),
    tensor: (name) => of(name).tensor(name),
    raw: (name, begin, end) => (isLinear(name) ? rangeOf : stored.raw)(name, begin, end),
    grouped: {
      ...stored.grouped!,
      format: (name) => (isLinear(name) ? null : stored.grouped!.format(name)),
      nearest: (name) => (isLinear(name) ? null : stored.grouped!.nearest(name)),
    },
    outFirst: stored,
  };
}

/**
 * Tensors with the columns of some in Hugging Face's order: these are read as float32, for groups of columns cannot be moved, and `grouped`
 * says what they were.
 */
function columnsMoved(stored: OpenTensorFile, order: TensorOrder): OpenTensorFile {
  const grouped = stored.grouped!;
  const place = (name: string) => order(name, stored.info(name).shape.at(-1) ?? 1);
  const tensor: OpenTensorFile["tensor"] = async (name) => {
    const [given, of] = [await stored.tensor(name), place(name)];
    if (of === null) return given;
    return { ...given, data: columnsReordered(given.data, given.shape.at(-1)!, of) };
  };
  const rangeOf = rangesOfWhole(async (name) => new Uint8Array((await tensor(name)).data.buffer));
  return {
    ...stored,
    tensor,
    info: (name) => (place(name) === null ? stored.info(name) : { ...stored.info(name), dtype: "F32" }),
    raw: async (name, begin, end) => (place(name) === null ? stored.raw : rangeOf)(name, begin, end),
    grouped: {
      ...grouped,
      format: (name) => (place(name) === null ? grouped.format(name) : null),
      // Of what `raw` gives.
      rowBytes: (name) => (place(name) === null ? grouped.rowBytes(name) : 4 * stored.info(name).shape.at(-1)!),
      values: (name, bytes) =>
        place(name) === null ? grouped.values(name, bytes) : new Float32Array(new Uint8Array(bytes).buffer),
    },
  };
}

/** Opens a GGUF file as such tensors. Whatever it throws, the source is closed then. */
export async function openGgufTensors(source: ByteSource, name: string): Promise<OpenTensorFile> {
  const file = await openGguf(source, name);
  try {
    return ggufTensors(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Ranges of tensors that are read as a whole: the last one stays in memory, so that one that is read piece by piece is read once. */
function rangesOfWhole(whole: (name: string) => Promise<Uint8Array>): OpenTensorFile["raw"] {
  let last: { readonly name: string; readonly bytes: Uint8Array } | null = null;
  return async (name, begin = 0, end) => {
    if (begin === 0 && end === undefined) return whole(name);
    const found = last?.name === name ? last : { name, bytes: await whole(name) };
    last = found;
    return found.bytes.subarray(begin, end);
  };
}
