import { byteLength, dtypeBits, type FloatDtype, type OpenTensorFile } from "../io/safetensors/index.js";
import { sizeOf } from "../values/shape.js";
import type { PieceBuffers } from "./piece-buffers.js";

/** Bytes that are read and written at a time: a tensor of any size takes a few times this much. Fewer cost more calls to the system. */
const PIECE = 1024 * 1024;

/** Elements that are changed at a time: in float32 they stay in the processor's second cache from the first step to the last. */
const BLOCK = 128 * 1024;

/** Something that is done between two pieces, such as a `breather`: it lets others have a turn, and throws where the work was cancelled. */
export type Pause = () => Promise<void> | undefined;

/** A range of a tensor's elements. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Ranges of `size` elements, each a multiple of `step` but perhaps the last, as many as `most` allow, one step at least. */
function rangesOf(size: number, step: number, most: number): Range[] {
  const length = step * Math.max(1, Math.floor(most / Math.max(1, step)));
  const ranges: Range[] = [];
  for (let begin = 0; begin < size; begin += length) ranges.push({ begin, end: Math.min(size, begin + length) });
  return ranges;
}

/** A piece's parts that are changed at a time, likewise whole rows. */
export const blocksOf = ({ begin, end }: Range, columns: number): Range[] =>
  rangesOf(end - begin, columns, BLOCK).map((block) => ({ begin: begin + block.begin, end: begin + block.end }));

/** What `ask` gives for each, in order; the next is on its way while one is worked on. */
async function* ahead<T>(
  ranges: readonly Range[],
  ask: (range: Range) => Promise<T>,
): AsyncGenerator<{ range: Range; read: T }> {
  const begin = (i: number) => {
    const asked = i < ranges.length ? ask(ranges[i]!) : undefined;
    // Nobody waits for it where the work ends before.
    asked?.catch(() => {});
    return asked;
  };
  let next = begin(0);
  try {
    for (const [i, range] of ranges.entries()) {
      const read = await next!;
      next = begin(i + 1);
      yield { range, read };
    }
  } finally {
    // Until then it writes into memory that is handed on.
    await next?.catch(() => {});
  }
}

/** A tensor of the base in its elements, piece by piece. */
export class StoredTensor {
  readonly dtype: FloatDtype;
  readonly size: number;
  readonly shape: readonly number[];
  private readonly bytes: number;

  constructor(
    private readonly base: OpenTensorFile,
    readonly name: string,
  ) {
    const { dtype, shape } = base.info(name);
    this.dtype = dtype as FloatDtype;
    this.shape = shape;
    this.bytes = dtypeBits[dtype] / 8;
    this.size = sizeOf(shape);
  }

  /** Whole rows of `columns` elements, as many as a piece holds, one at least. */
  ranges(columns: number): Range[] {
    return rangesOf(this.size, columns, PIECE / this.bytes);
  }

  /**
   * Their bytes one after another in memory of `buffers`, there until the next are asked for; each is on its way while the one before it is
   * worked on.
   */
  read(
    ranges: readonly Range[],
    buffers: PieceBuffers["read" | "inPlace"],
  ): AsyncGenerator<{ range: Range; read: Uint8Array }> {
    return ahead(ranges, async (range) => {
      const into = buffers.take((range.end - range.begin) * this.bytes);
      const read = await this.piece(range, into);
      // What is in memory already may be given as it lies there, and is not to be changed.
      if (read.buffer !== into.buffer || read.byteOffset !== into.byteOffset) into.set(read);
      return into;
    });
  }

  /** The bytes of one range; in `into`, where it is given and the file can be read into memory. */
  piece({ begin, end }: Range, into?: Uint8Array): Promise<Uint8Array> {
    return this.base.raw(this.name, begin * this.bytes, end * this.bytes, into);
  }
}

/** A tensor's bytes as they are, piece by piece; each is the receiver's until the next but one is asked for. */
export async function* storedPieces(
  base: OpenTensorFile,
  name: string,
  pause: Pause,
  { unchanged }: PieceBuffers,
): AsyncGenerator<Uint8Array> {
  const { dtype, shape } = base.info(name);
  const ranges = rangesOf(byteLength(dtype, shape), 1, PIECE);
  const ask = ({ begin, end }: Range) => base.raw(name, begin, end, unchanged.take(end - begin));
  for await (const { read } of ahead(ranges, ask)) {
    await pause();
    yield read;
  }
}
