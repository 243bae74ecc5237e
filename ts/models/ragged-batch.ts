/** Texts as token ids one behind the other, with no padding: a batch costs its real tokens. */
export interface RaggedBatch {
  /** Token ids of all texts, `[tokens]`. */
  readonly ids: Int32Array;
  /** Position of each token in its text, `[tokens]`. */
  readonly positions: Int32Array;
  /** Text i is tokens `offsets[i]` to `offsets[i + 1]`; `[batch + 1]`. */
  readonly offsets: Int32Array;
}

/** Lays texts one behind the other. */
export function raggedBatch(texts: readonly ArrayLike<number>[]): RaggedBatch {
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = offsets[i]! + text.length));
  const ids = new Int32Array(offsets[texts.length]!);
  const positions = new Int32Array(ids.length);
  texts.forEach((text, i) => {
    const start = offsets[i]!;
    ids.set(text, start);
    for (let t = 0; t < text.length; t++) positions[start + t] = t;
  });
  return { ids, positions, offsets };
}

/** Cuts texts, in order, into batches of at most `budget` tokens; a longer text is a batch by itself. */
export function* tokenBatches<T extends ArrayLike<number>>(texts: Iterable<T>, budget: number): Generator<T[]> {
  let batch: T[] = [];
  let tokens = 0;
  for (const text of texts) {
    if (batch.length > 0 && tokens + text.length > budget) {
      yield batch;
      batch = [];
      tokens = 0;
    }
    batch.push(text);
    tokens += text.length;
  }
  if (batch.length > 0) yield batch;
}
