import { checkFills } from "../values/shape.js";
import { checkTensor, type Tensor } from "../values/tensor.js";

/**
 * A tensor as a user passed it, read once: shape and data cannot change between the check and the copy. Data that are a
 * window on linear memory are copied, for taking memory may grow it, which detaches the window. Throws `ShapeError`.
 */
export function readTensor(what: string, value: Tensor, memory: WebAssembly.Memory): Tensor {
  const read = checkTensor(what, value);
  return read.data.buffer === memory.buffer ? { shape: read.shape, data: read.data.slice() } : read;
}

/** Copies data of `readTensor`. Throws `ShapeError` where another thread changed their length meanwhile. */
export function writeTensor(what: string, { shape, data }: Tensor, target: Float32Array): void {
  checkFills(what, shape, "values", data.length);
  target.set(data);
}
