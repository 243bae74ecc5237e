import fc from "fast-check";
import { tensor, type Tensor } from "../../ts/index.js";

/** Shapes of up to four dimensions, lengths 0 to 4. */
export const shapes = (minRank = 0) => fc.array(fc.integer({ min: 0, max: 4 }), { minLength: minRank, maxLength: 4 });

/** Tensors of a shape; small whole numbers, whose sums and products are exact in float32. */
export function tensorsOf(shape: readonly number[]): fc.Arbitrary<Tensor> {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(fc.integer({ min: -8, max: 8 }), { minLength: size, maxLength: size })
    .map((data) => tensor(shape, data));
}

/** A tensor of any shape. */
export const tensors = (minRank = 0) => shapes(minRank).chain(tensorsOf);

/** Two tensors that broadcast: parts of one shape, some lengths set to 1, some leading dimensions left out. */
export const broadcastPairs = shapes().chain((shape) => {
  const part = fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([lead, repeats]) => shape.map((length, d) => (repeats[d] ? 1 : length)).slice(lead))
    .chain(tensorsOf);
  return fc.tuple(part, part);
});

/** Element of a tensor at an index; dimensions of length 1 repeat, missing leading ones are ignored. */
export function at({ shape, data }: Tensor, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  const offset = shape.reduce((sum, length, d) => sum * length + (length === 1 ? 0 : own[d]!), 0);
  return data[offset]!;
}

/** Every index of a shape, in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (heads, length) => heads.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  );
}
