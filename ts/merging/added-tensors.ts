import type { OpenTensorFile, TensorInfo } from "../io/safetensors/index.js";

/** A tensor of the merged model that the base lacks. */
export interface AddedTensor extends TensorInfo {
  /** The base's tensor with its initial values; null if a change sets all of them. */
  readonly copyOf: string | null;
}

/** A base's tensors together with added ones. */
export function withAdded(base: OpenTensorFile, added: ReadonlyMap<string, AddedTensor>): OpenTensorFile {
  if (added.size === 0) return base;
  const source = (name: string) => added.get(name)?.copyOf ?? name;
  return {
    names: [...base.names, ...added.keys()],
    metadata: base.metadata,
    has: (name) => added.has(name) || base.has(name),
    info(name) {
      const { dtype, shape } = added.get(name) ?? base.info(name);
      return { dtype, shape };
    },
    tensor: async (name) => base.tensor(source(name)),
    raw: async (name, begin, end, into) => base.raw(source(name), begin, end, into),
    close: () => base.close(),
  };
}
