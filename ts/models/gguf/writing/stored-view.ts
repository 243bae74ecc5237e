import type { GgufFile } from "../../../io/gguf/index.js";
import { type Dtype, type OpenTensorFile } from "../../../io/safetensors/index.js";
import { type GgufArchitecture, tensorName } from "../names.js";
import { mergedText } from "../tensors.js";
import { convolutionShape } from "../values.js";

const plain: readonly string[] = ["F32", "F16", "BF16"] satisfies readonly Dtype[];

/** Rows of a tensor, all dimensions but the last together, and bytes of one. */
export function rowsOf(file: Pick<GgufFile, "info">, name: string) {
  const { shape, bytes } = file.info(name);
  const width = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return { width, rows, bytes: bytes / Math.max(1, rows) };
}

/**
 * A GGUF file's tensors by Hugging Face's names, in the file's layout: its order of rows, linear weights `[out, in]`; quantised ones as
 * dequantised float32 values.
 */
export function storedView(file: GgufFile, architecture: GgufArchitecture): OpenTensorFile & OwnNames {
  const own = new Map<string, string>();
  for (const name of file.names) {
    const other = tensorName(architecture, name);
    if (other !== null) own.set(other, name);
  }
  const isPlain = (name: string) => plain.includes(file.info(own.get(name)!).type);
  const info: OpenTensorFile["info"] = (name) => {
    const { type, shape } = file.info(own.get(name)!);
    return { dtype: isPlain(name) ? (type as Dtype) : "F32", shape: convolutionShape(name, shape) };
  };
  const raw: OpenTensorFile["raw"] = async (name, begin = 0, end, into) => {
    const stored = own.get(name)!;
    if (isPlain(name)) return placed(await file.raw(stored, begin, end), into);
    const { width, rows, bytes } = rowsOf(file, stored);
    const last = end ?? 4 * rows * width;
    const [first, behind] = [Math.floor(begin / (4 * width)), Math.ceil(last / (4 * width))];
    const { buffer } = file.decode(stored, await file.raw(stored, first * bytes, behind * bytes));
    return placed(new Uint8Array(buffer, begin - 4 * width * first, last - begin), into);
  };
  return {
    names: [...own.keys()],
    ownName: (name) => own.get(name),
    metadata: new Map(mergedText(file)),
    has: (name) => own.has(name),
    info,
    raw,
    tensor: async (name) => ({
      shape: info(name).shape,
      data: await file.tensor(own.get(name)!).then(({ data }) => data),
    }),
    close: file.close,
  };
}

/** Names of a view's tensors in their file. */
interface OwnNames {
  readonly ownName: (name: string) => string | undefined;
}

/** In the given memory, if any. */
function placed(bytes: Uint8Array, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined) return bytes;
  into.set(bytes);
  return into.subarray(0, bytes.byteLength);
}
