/** Access to a file's grouped (quantised) tensors, whose bytes are not one element after another. */
export interface GroupedTensors {
  /** The format of frozen weights that stores exactly the file's values; null if there is none. */
  format(name: string): "q8" | "q4" | null;
  /** If there is none: the format that loses least; null for tensors without groups. */
  nearest(name: string): "q8" | "q4" | null;
  /** The format of tensors of this file that are joined in one weight; null if too many of their values have no groups. */
  joined(file: TensorsInGroups, names: readonly string[]): "q8" | "q4" | null;
  /** Bytes of whole rows in `format(name)`. Null if it cannot store them: use `values` then. */
  convert(name: string, bytes: Uint8Array): Uint8Array | null;
  /** Bytes of a row. */
  rowBytes(name: string): number;
  /** Whole rows' values as float32. */
  values(name: string, bytes: Uint8Array): Float32Array;
}

/** A file that has such tensors. */
interface TensorsInGroups {
  readonly info: (name: string) => { readonly shape: readonly number[] };
  readonly grouped?: GroupedTensors;
}
