import { engine } from "../../ts/engine/engine.js";

/** A product [m, k] × [k, n]. */
export interface Size {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A part of a product's operands that is transposed in memory, and what happens to C: α, β and bias. */
const FORMS = [
  { name: "A·B", a: false, b: false, alpha: 1, beta: 0, biased: false },
  { name: "A·Bᵀ", a: false, b: true, alpha: 1, beta: 1, biased: false },
  { name: "Aᵀ·B", a: true, b: false, alpha: 0.7, beta: 0.3, biased: false },
  { name: "Aᵀ·Bᵀ", a: true, b: true, alpha: -1.5, beta: 0, biased: true },
] as const;

/** Numbers in -1..1, the same each time. */
const NUMBERS = new Float32Array(65_537);
for (let i = 0, state = 12345; i < NUMBERS.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  NUMBERS[i] = state / 2 ** 31 - 1;
}

/** Memory that is given back when `body` returns; `take` fills it with numbers that depend on the order of calls alone. */
function withMemory<T>(
  body: (take: (length: number) => number, read: (at: number, length: number) => Int32Array) => T,
): T {
  const { heap } = engine();
  const blocks: number[] = [];
  const take = (length: number) => {
    const block = heap.allocate(4 * length);
    blocks.push(block);
    const floats = new Float32Array(heap.memory.buffer, block, length);
    const from = (blocks.length * 7919) % NUMBERS.length;
    for (let at = 0, start = from; at < length; start = 0) {
      const piece = NUMBERS.subarray(start, start + length - at);
      floats.set(piece, at);
      at += piece.length;
    }
    return block;
  };
  const read = (at: number, length: number) => new Int32Array(heap.memory.buffer, at, length).slice();
  try {
    return body(take, read);
  } finally {
    blocks.forEach((block) => heap.release(block));
  }
}

/** The bits of a product in every form: B as it lies in memory, packed, packed and transposed. */
export function productBits({ m, n, k }: Size): Record<string, Int32Array> {
  const { kernels } = engine();
  const results: Record<string, Int32Array> = {};
  for (const { name, a, b, alpha, beta, biased } of FORMS) {
    withMemory((take, read) => {
      const [left, right, bias] = [take(m * k), take(k * n), biased ? take(n) : 0];
      const [aRow, aColumn, bRow, bColumn] = [a ? 1 : k, a ? m : 1, b ? 1 : n, b ? k : 1];
      const c = () => take(m * n);
      const plain = c();
      kernels.gemm(m, n, k, alpha, left, aRow, aColumn, right, bRow, bColumn, beta, plain, n, bias);
      results[name] = read(plain, m * n);
      const packed = take(kernels.packed_len(k, n));
      kernels.pack(k, n, right, bRow, bColumn, packed);
      const fromPacked = c();
      kernels.gemm_packed(m, n, k, alpha, left, aRow, aColumn, packed, beta, fromPacked, n, bias);
      results[`${name}, packed`] = read(fromPacked, m * n);
      const transposed = take(kernels.packed_len(n, k));
      kernels.pack(n, k, right, bColumn, bRow, transposed);
      const fromTransposed = c();
      kernels.gemm_packed_transposed(m, n, k, alpha, left, aRow, aColumn, transposed, beta, fromTransposed, n);
      results[`${name}, packed transposed`] = read(fromTransposed, m * n);
    });
  }
  return results;
}

/** The bits of a LoRA layer's forward pass and gradients: x [t, inputs], A [inputs, rank], B [rank, outputs]. */
export function loraBits(t: number, inputs: number, outputs: number, rank: number): Record<string, Int32Array> {
  const { kernels } = engine();
  return withMemory((take, read) => {
    const [x, a, b] = [take(t * inputs), take(inputs * rank), take(rank * outputs)];
    const [u, y, g] = [take(t * rank), take(t * outputs), take(t * outputs)];
    const [gradA, gradB, gradX] = [take(inputs * rank), take(rank * outputs), take(t * inputs)];
    const scratch = take(kernels.lora_scratch_len(t, inputs, outputs, rank));
    kernels.lora_forward(t, inputs, outputs, rank, 0.75, x, inputs, a, b, u, y, outputs);
    kernels.lora_backward(
      t, inputs, outputs, rank, 0.75, x, inputs, u, g, outputs, a, b, gradA, 1, gradB, 0, gradX, inputs, scratch,
    ); // prettier-ignore
    return {
      u: read(u, t * rank),
      y: read(y, t * outputs),
      "∂A": read(gradA, inputs * rank),
      "∂B": read(gradB, rank * outputs),
      "∂x": read(gradX, t * inputs),
    };
  });
}
