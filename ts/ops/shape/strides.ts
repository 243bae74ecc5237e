import { sizeOf } from "../../values/tensor.js";
import type { Pointer, Shape, Workspace } from "../op.js";

/** Steps in elements along each dimension. */
export type Strides = readonly number[];

/** Strides of a contiguous row-major tensor. */
export function contiguous(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d]!;
  }
  return strides;
}

/** Strides of a contiguous tensor of `shape` laid over the dimensions of `over`: 0 where it repeats. */
export function broadcast(shape: Shape, over: Shape): number[] {
  const lead = over.length - shape.length;
  const own = contiguous(shape);
  return over.map((_, d) => (d < lead || shape[d - lead] === 1 ? 0 : own[d - lead]!));
}

/**
 * Runs dimensions together where every operand goes on in memory from one to the next, and calls `visit` with exactly
 * `rank` of them (1 and stride 0 in front where fewer remain): once, or for each index of the outer dimensions that are
 * too many. Offsets count elements. Nothing is visited where a length is 0.
 */
export function nest(
  sizes: Shape,
  strides: readonly Strides[],
  rank: number,
  visit: (sizes: number[], strides: number[][], offsets: number[]) => void,
): void {
  if (sizeOf(sizes) === 0) return;
  const lengths: number[] = [];
  const steps: number[][] = strides.map(() => []);
  for (let d = 0; d < sizes.length; d++) {
    const length = sizes[d]!;
    if (length === 1) continue;
    const last = lengths.length - 1;
    if (last >= 0 && strides.every((own, k) => steps[k]![last] === own[d]! * length)) {
      lengths[last]! *= length;
      steps.forEach((own, k) => (own[last] = strides[k]![d]!));
    } else {
      lengths.push(length);
      steps.forEach((own, k) => own.push(strides[k]![d]!));
    }
  }
  while (lengths.length < rank) {
    lengths.unshift(1);
    for (const own of steps) own.unshift(0);
  }
  const outer = lengths.length - rank;
  const inner = lengths.slice(outer);
  const innerSteps = steps.map((own) => own.slice(outer));
  const walk = (d: number, offsets: number[]): void => {
    if (d === outer) return visit(inner, innerSteps, offsets);
    for (let i = 0; i < lengths[d]!; i++) {
      walk(
        d + 1,
        offsets.map((offset, k) => offset + i * steps[k]![d]!),
      );
    }
  };
  walk(
    0,
    strides.map(() => 0),
  );
}

/** A tensor read or written with strides of its own. */
export interface StridedOperand {
  readonly pointer: Pointer;
  readonly strides: Strides;
}

/** Lengths of four dimensions, and the steps of two operands along them. */
type Strided = [number, number, number, number, number, number, number, number, number, number, number, number];

/** to ← alpha · from over `sizes`; added to `to` where `accumulate`. */
export function copyStrided(
  call: Workspace,
  sizes: Shape,
  from: StridedOperand,
  to: StridedOperand,
  alpha = 1,
  accumulate: 0 | 1 = 0,
): void {
  nest(sizes, [from.strides, to.strides], 4, (lengths, [x, y], [source, target]) => {
    const [at, into] = [from.pointer + 4 * source!, to.pointer + 4 * target!];
    const dimensions = [...lengths, ...x!, ...y!] as Strided;
    call.kernels.copy_strided(at, into, ...dimensions, alpha, accumulate);
  });
}
