import { Fingerprint } from "../io/fingerprint.js";
import { decodeTensor, type OpenTensorFile } from "../io/safetensors/index.js";

/** A file of weights, and what tells those apart that were read from it. */
export interface ReadWeights {
  readonly file: OpenTensorFile;
  /** Of the bytes of all tensors that were read, in the order in which each was first. */
  readonly fingerprint: () => string;
}

/** The same file, whose tensors are fingerprinted as they are read: once, whatever their names and the other tensors are. */
export function fingerprinted(file: OpenTensorFile): ReadWeights {
  const prints = new Map<string, string>();
  const raw = async (name: string) => {
    const bytes = await file.raw(name);
    if (!prints.has(name)) prints.set(name, new Fingerprint().add(bytes).toString());
    return bytes;
  };
  const tensor = async (name: string) => {
    const bytes = await raw(name);
    const { dtype, shape } = file.info(name);
    return { shape, data: decodeTensor(bytes, dtype, name) };
  };
  const all = () => new Fingerprint().add(new TextEncoder().encode([...prints.values()].join())).toString();
  return { file: { ...file, raw, tensor }, fingerprint: all };
}
