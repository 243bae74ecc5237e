import type { OpenTensorFile, TensorInfo } from "../io/safetensors/index.js";

/** A tensor that the merged model has and the base lacks. */
export interface AddedTensor extends TensorInfo {
  /** The base's tensor whose values it starts from; null where a change gives all of them. */
  readonly copyOf: string | null;
}

/** A base's tensors and others beside them, as if the base had them. */
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
