import type { NamedShape } from "../../architecture.js";

/** A tensor of a GGUF file, and what its values are in a model's own files. */
export interface Place {
  /** GGUF's name. */
  readonly name: string;
  /** Hugging Face's name and shape of the same tensor. */
  readonly full: string;
  readonly shape: readonly number[];
  /** The tensors that have its values, one after another. */
  readonly sources: readonly NamedShape[];
  /** Which part of each expert's rows in them, of how many. */
  readonly part: { readonly index: number; readonly count: number };
}

const WHOLE = { index: 0, count: 1 };

/**
 * Where a GGUF file has the values of a tensor: in one tensor, or for matrices of experts in one for each module, which has those of all
 * experts. Null if there is no name for it.
 *
 * @param sources the model's tensor, or those that its files have in its place
 */
export function placesOf(
  tensor: NamedShape,
  sources: readonly NamedShape[],
  nameIn: (name: string) => string | undefined,
): readonly Place[] | null {
  const own = nameIn(tensor.name);
  if (own !== undefined) return [{ name: own, full: tensor.name, shape: tensor.shape, sources, part: WHOLE }];
  const modules = tensor.instead?.().find((list) => list.every(({ name }) => nameIn(name) !== undefined));
  if (modules === undefined) return null;
  const count = modules.length;
  return modules.map(({ name: full, shape }, index) => ({
    name: nameIn(full)!,
    full,
    shape,
    ...(sources.length === 1
      ? { sources, part: { index, count } }
      : { sources: sources.filter((_, i) => i % count === index), part: WHOLE }),
  }));
}

/** Of values in units of equal length, the same part of each. */
export async function* partOfEach(
  values: AsyncIterable<Float32Array>,
  unit: number,
  { index, count }: Place["part"],
): AsyncGenerator<Float32Array> {
  const [begin, end] = [(unit * index) / count, (unit * (index + 1)) / count];
  let at = 0;
  for await (const piece of values) {
    for (let first = at - (at % unit); first < at + piece.length; first += unit) {
      const [from, to] = [Math.max(first + begin, at) - at, Math.min(first + end - at, piece.length)];
      if (from < to) yield piece.subarray(from, to);
    }
    at += piece.length;
  }
}
