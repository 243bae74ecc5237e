import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { concatenated } from "../../io/byte-source.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { byteLength, decodeTensor, type OpenTensorFile, type TensorInfo } from "../../io/safetensors/index.js";
import { type GgufArchitecture, ggufArchitecture } from "./names.js";
import { ggufTensors } from "./tensors.js";

/** Bytes of a stacked tensor. */
interface Slice {
  readonly name: string;
  readonly begin: number;
  readonly length: number;
}

/** A tensor of a checkpoint: its bytes are those of the slices, one after another. */
interface Assembled extends TensorInfo {
  readonly slices: readonly Slice[];
}

/**
 * Tensors whose experts are as checkpoints of transformers have them, by its names. GGUF files have one tensor of all experts for each
 * module, such as `experts.gate_proj.weight` `[experts, width, hidden]`, which transformers does not read. Bytes are not changed.
 *
 * @throws `ModelError` for layers whose tensors of experts differ in shape, `UnsupportedError` for types that cannot be joined
 */
function expertCheckpoint(file: OpenTensorFile, architecture: GgufArchitecture): OpenTensorFile {
  const { experts, expertModules } = architecture;
  if (experts === undefined) return file;
  const ofModule = new RegExp(`^(.*)\\.experts\\.(?:${expertModules.join("|")})\\.weight$`);
  const own = new Map<string, Assembled | null>();
  const stacked = new Set<string>();
  for (const name of file.names) {
    const [, path] = ofModule.exec(name) ?? [];
    if (path === undefined) own.set(name, null);
    else if (!stacked.has(path)) {
      stacked.add(path);
      for (const [full, tensor] of assembled(file, path, { experts, expertModules })) own.set(full, tensor);
    }
  }
  const raw: OpenTensorFile["raw"] = async (name, begin = 0, end, into) => {
    const found = own.get(name);
    if (!found) return file.raw(name, begin, end, into);
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const slice of found.slices) {
      const [from, to] = [Math.max(begin - at, 0), Math.min((end ?? Infinity) - at, slice.length)];
      if (from < to) parts.push(await file.raw(slice.name, slice.begin + from, slice.begin + to));
      at += slice.length;
    }
    return parts.length === 1 ? parts[0]! : concatenated(parts);
  };
  const info = (name: string): TensorInfo => {
    const found = own.get(name);
    return found ? { dtype: found.dtype, shape: found.shape } : file.info(name);
  };
  return {
    ...file,
    names: [...own.keys()],
    has: (name) => own.has(name),
    info,
    raw,
    tensor: async (name) => {
      if (!own.get(name)) return file.tensor(name);
      const { dtype, shape } = info(name);
      return { shape, data: decodeTensor(await raw(name), dtype, name) };
    },
  };
}

/** The tensors of one layer's experts. */
function* assembled(
  file: OpenTensorFile,
  path: string,
  { experts: form, expertModules: modules }: Required<Pick<GgufArchitecture, "experts" | "expertModules">>,
): Generator<[name: string, tensor: Assembled]> {
  const [gate, up, down] = modules.map((module) => `${path}.experts.${module}.weight`) as [string, string, string];
  const [{ dtype, shape }, other, last] = [file.info(gate), file.info(up), file.info(down)];
  const [count = 0, width = 0, hidden = 0] = shape;
  const same = other.shape.join() === shape.join() && last.shape.join() === [count, hidden, width].join();
  if (shape.length !== 3 || shape.includes(0) || !same)
    throw new ModelError(
      `${gate} [${shape.join(", ")}], ${up} [${other.shape.join(", ")}] and ${down} [${last.shape.join(", ")}] are no experts of one width`,
      { tensor: gate },
    );
  const slice = (name: string, e: number): Slice => {
    const { dtype, shape } = file.info(name);
    const length = byteLength(dtype, shape.slice(1));
    return { name, begin: e * length, length };
  };
  const each = Array.from({ length: count }, (_, e) => e);
  if (form === "one by one") {
    for (const e of each)
      for (const [i, name] of [gate, up, down].entries()) {
        const { dtype, shape } = file.info(name);
        yield [
          `${path}.experts.${e}.${modules[i]!}.weight`,
          { dtype, shape: shape.slice(1), slices: [slice(name, e)] },
        ];
      }
    return;
  }
  if (other.dtype !== dtype)
    throw new UnsupportedError(
      `${excerpt(gate)} is ${dtype} and ${excerpt(up)} ${other.dtype}, which ${form.input} cannot be both`,
      { tensor: gate, dtype },
    );
  const both = each.flatMap((e) => [slice(gate, e), slice(up, e)]);
  yield [`${path}.${form.input}`, { dtype, shape: [count, 2 * width, hidden], slices: both }];
  yield [`${path}.${form.output}`, { ...last, slices: each.map((e) => slice(down, e)) }];
}

/**
 * A GGUF file's tensors to the byte as a safetensors file of the same model would have them: as `ggufTensors`, but those in groups are the
 * float32 values that these say, decoded row by row, and experts are as checkpoints of transformers have them. Errors as `ggufTensors` and
 * `expertCheckpoint`.
 */
export function denseTensors(file: GgufFile): OpenTensorFile {
  const { grouped, outFirst: _, ...stored } = ggufTensors(file);
  const raw: OpenTensorFile["raw"] = async (name, begin = 0, end) => {
    if (grouped === undefined || grouped.nearest(name) === null) return stored.raw(name, begin, end);
    const { shape } = stored.info(name);
    const width = 4 * (shape.at(-1) ?? 1);
    const last = end ?? shape.reduce((product, length) => product * length, 4);
    const [first, behind] = [Math.floor(begin / width), Math.ceil(last / width)];
    const row = grouped.rowBytes(name);
    const { buffer } = grouped.values(name, await stored.raw(name, first * row, behind * row));
    return new Uint8Array(buffer, begin - width * first, last - begin);
  };
  return expertCheckpoint({ ...stored, raw }, ggufArchitecture(file.metadata.get("general.architecture")));
}
