import type { LinearShape, NamedShape } from "./architecture.js";

/** Tensors of linear layers on one input, as a file has them. */
export function linear({ paths, tensors = paths, inFeatures, outFeatures, hasBias = true }: LinearShape): NamedShape[] {
  const rows = (paths.length * outFeatures) / tensors.length;
  return tensors.flatMap((name) => [
    { name: `${name}.weight`, shape: [rows, inFeatures] },
    ...(hasBias ? [{ name: `${name}.bias`, shape: [rows] }] : []),
  ]);
}

/** Those of a layer norm. */
export const norm = (path: string, size: number, hasBias = true): NamedShape[] => [
  { name: `${path}.weight`, shape: [size] },
  ...(hasBias ? [{ name: `${path}.bias`, shape: [size] }] : []),
];
