/** What is known of a file's tensors that are stored in groups, whose bytes are no elements one after another. */
export interface GroupedTensors {
  /** The format in which a frozen weight holds exactly what the file says, and all of it; null where there is none. */
  format(name: string): "q8" | "q4" | null;
  /** The format that loses least where there is none that loses nothing; null for elements one after another. */
  nearest(name: string): "q8" | "q4" | null;
  /** Whole rows' bytes in `format(name)`. Null where these say what it cannot hold: then `values` are what they say. */
  convert(name: string, bytes: Uint8Array): Uint8Array | null;
  /** Bytes of a row. */
  rowBytes(name: string): number;
  /** Whole rows' values as float32. */
  values(name: string, bytes: Uint8Array): Float32Array;
}
