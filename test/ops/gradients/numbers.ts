import { tensor, type Tensor } from "../../../ts/index.js";

/** Repeatable numbers in [low, high). */
export function uniform(shape: readonly number[], low = -2, high = 2, seed = 1): Tensor {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  const next = () => {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  next();
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    shape,
    Array.from({ length: size }, () => low + (high - low) * next()),
  );
}

/**
 * Numbers in mixed order, 0.3 apart and none nearer to 0 than 0.1: differences stay clear of kinks and of ties, also with
 * a tensor that is shifted by 0.15.
 */
export function spaced(shape: readonly number[], shift = 0): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const stride = [7, 11, 13].find((prime) => size % prime !== 0)!;
  return tensor(
    shape,
    Array.from({ length: size }, (_, i) => 0.3 * (((i * stride) % size) - Math.floor(size / 2)) + 0.1 + shift),
  );
}
