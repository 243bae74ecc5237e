/** A call of the worker with the search indexes. */
export type IndexCall =
  /** Makes an empty index in place of another one of that name. */
  | {
      readonly type: "create";
      readonly index: string;
      readonly dimensions: number;
      readonly metadata: Readonly<Record<string, string>>;
    }
  /** Adds the vectors of texts; `first` is the number of the first text. */
  | { readonly type: "add"; readonly index: string; readonly first: number; readonly vectors: readonly Float32Array[] }
  /** A call: the most similar texts for each vector. */
  | {
      readonly type: "search";
      readonly index: string;
      readonly vectors: readonly Float32Array[];
      readonly topK: number;
    }
  /** The index as a file. */
  | { readonly type: "save"; readonly index: string };

/** What the worker answers. */
export type IndexAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
