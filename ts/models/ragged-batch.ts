import { checkRecord, listFrom } from "../arguments/settings.js";
import { ConfigError, ShapeError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { hostArray, type Integers, integersOf } from "../values/number-list.js";

/** Token ids of several texts, concatenated without padding: a batch costs only its real tokens. */
export interface RaggedBatch {
  /** Token ids of all texts, `[tokens]`. */
  readonly ids: Int32Array;
  /** Position of each token in its text, `[tokens]`. */
  readonly positions: Int32Array;
  /** Text i is tokens `offsets[i]` to `offsets[i + 1]`; `[batch + 1]`. */
  readonly offsets: Int32Array;
  /** @internal Token type of each token, `[tokens]`, which says to which text of a pair it belongs. Default: all 0. */
  readonly types?: Int32Array;
}

/**
 * Concatenates texts. Throws `ConfigError` for anything but lists of 32-bit whole numbers, `MemoryError` if there are too many.
 */
export function raggedBatch(texts: readonly ArrayLike<number>[]): RaggedBatch {
  const rows = listFrom("raggedBatch: texts are a list of lists of token ids", texts, (text) => tokensOf(text));
  const total = rows.reduce((sum, { length }) => sum + length, 0);
  const [ids, positions] = [hostArray("raggedBatch", Int32Array, total), hostArray("raggedBatch", Int32Array, total)];
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    const start = offsets[i]!;
    ids.set(row, start);
    for (let t = 0; t < row.length; t++) positions[start + t] = t;
    offsets[i + 1] = start + row.length;
  });
  return { ids, positions, offsets };
}

/** A batch of pairs of texts, with their token types. */
export function pairBatch(pairs: readonly { readonly ids: Int32Array; readonly types: Int32Array }[]): RaggedBatch {
  const batch = raggedBatch(pairs.map(({ ids }) => ids));
  const types = hostArray("pairBatch", Int32Array, batch.ids.length);
  pairs.forEach((pair, i) => types.set(pair.types, batch.offsets[i]));
  return types.includes(1) ? { ...batch, types } : batch;
}

/** A copy of a text's token ids. */
const tokensOf = (text: unknown) => integersOf("raggedBatch", "a text", text as ArrayLike<number>).data;

/** Sizes of the embeddings. */
export interface BatchLimits {
  readonly vocabularySize: number;
  readonly maxPositions: number;
}

/**
 * A checked copy of a caller's batch. Checked as a whole, since its parts go to different ops, of which the first would have run before a
 * later one throws. Throws `ConfigError` or `ShapeError`.
 */
export function takeBatch(
  what: string,
  batch: RaggedBatch,
  { vocabularySize, maxPositions }: BatchLimits,
): RaggedBatch {
  checkRecord(`${what}: a batch is { ids, positions, offsets }, as raggedBatch gives it`, batch);
  const [ids, positions] = [integersOf(what, "ids", batch.ids), integersOf(what, "positions", batch.positions)];
  const offsets = integersOf(what, "offsets", batch.offsets).data;
  checkRows(what, "token ids", ids, vocabularySize);
  checkRows(what, "positions", positions, maxPositions);
  const { length } = ids.data;
  const ascends = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]!));
  if (positions.data.length === length && ascends && offsets[0] === 0 && offsets.at(-1) === length) {
    return { ids: ids.data, positions: positions.data, offsets };
  }
  throw new ShapeError(
    `${what}: of a batch, offsets go up from 0 to the number of ids, and there are as many positions; got ` +
      `${length} ids, ${positions.data.length} positions and offsets ${excerpt([...offsets.subarray(0, 10)])}`,
    { op: what, option: "offsets", value: offsets, length },
  );
}

function checkRows(what: string, name: string, { least, most }: Integers, rows: number): void {
  if (least >= 0 && most < rows) return;
  if (least === Infinity) return;
  throw new ConfigError(`${what}: ${name} are from 0 to ${rows - 1}, got ${least < 0 ? least : most}`, {
    op: what,
    option: name,
    value: least < 0 ? least : most,
    length: rows,
  });
}

/** Divides texts, in order, into batches of at most `budget` tokens; a longer text is its own batch. A pause between texts, null, is passed on. */
export function* tokenBatches<T extends { readonly length: number }>(
  texts: Iterable<T | null>,
  budget: number,
): Generator<T[] | null> {
  let batch: T[] = [];
  let tokens = 0;
  for (const text of texts) {
    if (text === null) {
      yield null;
      continue;
    }
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
