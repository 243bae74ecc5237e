import type { LinearShape, NamedShape } from "./architecture.js";

/** Features of each of a shape's layers. */
export const widthsOf = ({ paths, outFeatures }: Pick<LinearShape, "paths" | "outFeatures">): readonly number[] =>
  typeof outFeatures === "number" ? paths.map(() => outFeatures) : outFeatures;

/** Of all of them. */
export const totalWidth = (shape: Pick<LinearShape, "paths" | "outFeatures">): number =>
  widthsOf(shape).reduce((sum, width) => sum + width, 0);

/** Tensors of linear layers on one input, as a file has them. */
export function linear(shape: LinearShape): NamedShape[] {
  const { paths, tensors = paths, inFeatures, hasBias = true, inFirst = false } = shape;
  const widths = widthsOf(shape);
  return tensors.flatMap((name, i) => {
    const rows = tensors.length === paths.length ? widths[i]! : totalWidth(shape) / tensors.length;
    const weight = inFirst ? [inFeatures, rows] : [rows, inFeatures];
    return [{ name: `${name}.weight`, shape: weight }, ...(hasBias ? [{ name: `${name}.bias`, shape: [rows] }] : [])];
  });
}

/** Those of a layer norm. */
export const norm = (path: string, size: number, hasBias = true): NamedShape[] => [
  { name: `${path}.weight`, shape: [size] },
  ...(hasBias ? [{ name: `${path}.bias`, shape: [size] }] : []),
];
