/** Byte offset into the engine's memory; 0 where there is nothing. */
export type Pointer = number;

/** 1: a result is added to what its memory holds. 0: every element is written, and what was there is not read. */
type Accumulate = number;
/** 1 or 0. */
type Flag = number;

type Functions = "abs" | "cos" | "erf" | "exp" | "gelu" | "gelu_tanh" | "log" | "neg" | "quick_gelu" | "reciprocal"
  | "relu" | "rsqrt" | "sigmoid" | "silu" | "sin" | "sqrt" | "square" | "tanh"; // prettier-ignore

/** Functions of one element, x, y, g and dx `[n]`. A gradient rule reads x or y, whichever its formula has. */
type Unary = {
  readonly [K in `${Functions}_forward`]: (x: Pointer, y: Pointer, n: number) => void;
} & {
  readonly [K in `${Functions}_gradient`]: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: Accumulate,
  ) => void;
}; // prettier-ignore

/** Functions of two elements over sizes n0, n1, n2; strides count elements, 0 repeats an operand. The result is dense. */
type Binary = {
  readonly [K in `${"add" | "sub" | "mul" | "div" | "maximum" | "minimum"}_forward`]: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number,
    a0: number, a1: number, a2: number, b0: number, b1: number, b2: number, accumulate: Accumulate,
  ) => void;
} & {
  /** ∂x of an operand beside the other; dx is dense. For "div" that of the divisor: `other` is the dividend. */
  readonly [K in `${"div" | "maximum" | "minimum"}_gradient`]: (
    g: Pointer, x: Pointer, other: Pointer, dx: Pointer, n0: number, n1: number, n2: number,
    x0: number, x1: number, x2: number, other0: number, other1: number, other2: number, accumulate: Accumulate,
  ) => void;
}; // prettier-ignore

/** Softmax along the middle of `[outer, length, inner]`. */
type Softmax = {
  readonly [K in `${"softmax" | "log_softmax"}_forward`]: (
    x: Pointer, y: Pointer, outer: number, length: number, inner: number,
  ) => void;
} & {
  readonly [K in `${"softmax" | "log_softmax"}_gradient`]: (
    g: Pointer, y: Pointer, dx: Pointer, outer: number, length: number, inner: number, accumulate: Accumulate,
  ) => void;
}; // prettier-ignore

/** Along a dimension: `from` is `[outer, axis, inner]` (`to`, where it is added to), `count` places of it are taken. */
type Selections = {
  readonly [K in "gather" | "index_select" | "scatter_add" | "index_add"]: (
    from: Pointer, index: Pointer, to: Pointer, outer: number, axis: number, count: number, inner: number,
  ) => void;
}; // prettier-ignore

/** `n` random numbers of a stream: normal with variance 1, or uniform in [0, 1). */
type Random = {
  readonly [K in `philox_${"normal" | "uniform"}`]: (
    y: Pointer, n: number, seedLow: number, seedHigh: number, stream: number,
  ) => void;
}; // prettier-ignore

/**
 * What ops, layers and optimizers call: the arithmetic of an engine, of whatever kind. All values are 4-byte, float32 unless
 * said otherwise; tensors are row-major and contiguous unless a stride is passed; lengths and strides count elements.
 * Arguments are checked before: a kernel trusts its pointers. Names and order are those of `crates/wasm`, where each kernel
 * states its formula, and `test/engine/kernels.types.ts` holds the two against each other.
 */
export interface Kernels extends Unary, Binary, Softmax, Selections, Random {
  // Elements ------------------------------------------------------------------------------------------------------
  /** y ← value */
  readonly fill: (n: number, value: number, y: Pointer) => void;
  /** y ← x; they may overlap. */
  readonly copy: (n: number, x: Pointer, y: Pointer) => void;
  /** y ← y + α·x */
  readonly axpy: (n: number, alpha: number, x: Pointer, y: Pointer) => void;
  /** y ← α·x */
  readonly scale: (n: number, alpha: number, x: Pointer, y: Pointer) => void;
  /** y ← α·x over four sizes, each operand with strides of its own. */
  readonly copy_strided: (
    x: Pointer, y: Pointer, n0: number, n1: number, n2: number, n3: number, x0: number, x1: number, x2: number, x3: number,
    y0: number, y1: number, y2: number, y3: number, alpha: number, accumulate: Accumulate,
  ) => void; // prettier-ignore
  /** y ← x held between the bounds. */
  readonly clamp_forward: (x: Pointer, y: Pointer, n: number, minimum: number, maximum: number) => void;
  readonly clamp_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: Accumulate, minimum: number, maximum: number,
  ) => void; // prettier-ignore
  /** y ← x^exponent */
  readonly pow_forward: (x: Pointer, y: Pointer, n: number, exponent: number) => void;
  readonly pow_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: Accumulate, exponent: number,
  ) => void; // prettier-ignore
  /** Zeroes with probability p and scales the rest; forward and, with the same stream, gradient. */
  readonly dropout: (
    x: Pointer, y: Pointer, n: number, p: number, seedLow: number, seedHigh: number, stream: number, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Products ------------------------------------------------------------------------------------------------------
  /** C ← α·A·B + β·C + bias: A `[m, k]`, B `[k, n]`, C `[m, n]`, bias `[n]` or 0. */
  readonly gemm: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aColumn: number,
    b: Pointer, bRow: number, bColumn: number, beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void; // prettier-ignore
  /** Elements of a packed `[k, n]`. */
  readonly packed_len: (k: number, n: number) => number;
  /** B `[k, n]` in the order in which products read it. */
  readonly pack: (k: number, n: number, b: Pointer, bRow: number, bColumn: number, packed: Pointer) => void;
  /** `gemm` with a packed B. */
  readonly gemm_packed: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aColumn: number, packed: Pointer,
    beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void; // prettier-ignore
  /** C ← α·A·Wᵀ + β·C with W `[n, k]` packed as `[n, k]`. */
  readonly gemm_packed_transposed: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aColumn: number, packed: Pointer,
    beta: number, c: Pointer, cRow: number,
  ) => void; // prettier-ignore

  // Frozen weights as stored, `format` being the row of the table of formats; `transposed` 1 means the transpose's rows ---
  /** Bytes of a row of `width` elements. */
  readonly stored_bytes: (format: number, width: number) => number;
  /** `gemm` with a stored B. */
  readonly gemm_stored: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aColumn: number,
    format: number, data: Pointer, transposed: 0 | 1, beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void; // prettier-ignore
  /** `pack` of a stored B. */
  readonly pack_stored: (
    k: number, n: number, format: number, data: Pointer, transposed: 0 | 1, packed: Pointer,
  ) => void; // prettier-ignore
  /** Columns `start` to `end` of what `pack` wrote: `[k, end − start]`. */
  readonly unpack: (k: number, n: number, packed: Pointer, start: number, end: number, to: Pointer) => void;
  /** Columns `start` to `end` of a stored `[k, n]`: `[k, end − start]`. */
  readonly stored_columns: (
    k: number, n: number, format: number, data: Pointer, transposed: 0 | 1, start: number, end: number, to: Pointer,
  ) => void; // prettier-ignore
  /** Rows of `width` elements from one format into another, which is in groups of 32. */
  readonly quantize_rows: (
    from: number, data: Pointer, width: number, rows: number, format: number, to: Pointer,
  ) => void; // prettier-ignore
  /** Bytes of a row of `width` elements in groups, rounded. */
  readonly rounded_bytes: (width: number) => number;
  /** x `[rows, width]` rounded for products with a format, in groups. */
  readonly round_rows: (x: Pointer, width: number, rows: number, format: number, to: Pointer) => void;
  /** y `[m, n]` ← x·W + bias with x from `round_rows` and W stored as `[n, k]`, in groups of four rows in one another. */
  readonly gemm_rounded: (
    m: number, n: number, k: number, x: Pointer, format: number, data: Pointer, bias: Pointer, y: Pointer,
  ) => void; // prettier-ignore
  /** Rows in groups become blocks of four in one another, or with `back` again rows, in their place; `scratch` holds a block. */
  readonly interleave_rows: (
    format: number, width: number, rows: number, data: Pointer, scratch: Pointer, back: Flag,
  ) => void; // prettier-ignore
  /** y `[n, width]` ← rows of a stored matrix at `index`. */
  readonly stored_rows: (
    format: number, data: Pointer, width: number, index: Pointer, y: Pointer, n: number,
  ) => void; // prettier-ignore
  /** y `[n]` ← a stored row. */
  readonly stored_decode: (format: number, n: number, data: Pointer, y: Pointer) => void;
  /** Writes x `[n]` as a stored row, rounded to nearest, ties to even. Gives how many are finite, but too large for the format. */
  readonly stored_encode: (format: number, n: number, x: Pointer, data: Pointer) => number;
  /**
   * W ← W + α·L·R in W's own format, rounded once: W `[rows, columns]`, L `[rows, rank]`, R `[rank, columns]` as
   * `[columns / 8 rounded up, rank, 8]`, filled up with zeros. Gives how many values are finite, but too large for the format.
   */
  readonly stored_add_low_rank: (
    format: number, rows: number, columns: number, rank: number, alpha: number, left: Pointer, panels: Pointer, data: Pointer,
  ) => number; // prettier-ignore

  /** u ← x·A, y ← y + s·u·B: x `[t, in]` and y `[t, out]` with rows apart, A `[in, rank]`, B `[rank, out]`, u `[t, rank]`. */
  readonly lora_forward: (
    t: number, inFeatures: number, outFeatures: number, rank: number, scaling: number, x: Pointer, xRow: number,
    a: Pointer, b: Pointer, u: Pointer, y: Pointer, yRow: number,
  ) => void; // prettier-ignore
  /** The same of `count` adapters on few rows each, of which no two write to the same place: a table of `LoraForwardStruct`. */
  readonly lora_forward_each: (count: number, table: Pointer) => void;
  /** Elements of scratch that `lora_backward` needs. */
  readonly lora_scratch_len: (t: number, inFeatures: number, outFeatures: number, rank: number) => number;
  /** ∂A, ∂B and ∂x, each left out where its pointer is 0; ∂x is always added to what is there. */
  readonly lora_backward: (
    t: number, inFeatures: number, outFeatures: number, rank: number, scaling: number, x: Pointer, xRow: number,
    u: Pointer, g: Pointer, gRow: number, a: Pointer, b: Pointer, gradA: Pointer, accumulateA: Accumulate,
    gradB: Pointer, accumulateB: Accumulate, gradX: Pointer, gradXRow: number, scratch: Pointer,
  ) => void; // prettier-ignore

  // Reductions along the middle of [outer, axis, inner] -----------------------------------------------------------
  /** y ← α·Σ x */
  readonly sum_axis: (
    x: Pointer, y: Pointer, outer: number, axis: number, inner: number, alpha: number, accumulate: Accumulate,
  ) => void; // prettier-ignore
  readonly max_axis: (x: Pointer, y: Pointer, outer: number, axis: number, inner: number) => void;
  readonly min_axis: (x: Pointer, y: Pointer, outer: number, axis: number, inner: number) => void;
  /** g, shared by all elements of x that equal the extreme y. */
  readonly extreme_axis_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, outer: number, axis: number, inner: number, accumulate: Accumulate,
  ) => void; // prettier-ignore
  /** Σ x², summed in float64. */
  readonly sum_of_squares: (x: Pointer, n: number) => number;
  /** Means of the rows `offsets[s]` to `offsets[s + 1]`. */
  readonly mean_pool_forward: (x: Pointer, offsets: Pointer, y: Pointer, sequences: number, columns: number) => void;
  readonly mean_pool_gradient: (
    g: Pointer, offsets: Pointer, dx: Pointer, sequences: number, columns: number, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Normalisation of rows [rows, columns] -------------------------------------------------------------------------
  /** weight and bias may be 0; mean and rstd `[rows]` are for the gradient. */
  readonly layer_norm_forward: (
    x: Pointer, weight: Pointer, bias: Pointer, y: Pointer, mean: Pointer, rstd: Pointer,
    rows: number, columns: number, epsilon: number,
  ) => void; // prettier-ignore
  /** dx, dw and db may each be 0. */
  readonly layer_norm_gradient: (
    g: Pointer, x: Pointer, weight: Pointer, mean: Pointer, rstd: Pointer, dx: Pointer, dw: Pointer, db: Pointer,
    rows: number, columns: number, accumulateX: Accumulate, accumulateW: Accumulate, accumulateB: Accumulate,
  ) => void; // prettier-ignore
  readonly rms_norm_forward: (
    x: Pointer, weight: Pointer, y: Pointer, rstd: Pointer, rows: number, columns: number, epsilon: number,
  ) => void; // prettier-ignore
  /** dx and dw may each be 0. */
  readonly rms_norm_gradient: (
    g: Pointer, x: Pointer, weight: Pointer, rstd: Pointer, dx: Pointer, dw: Pointer,
    rows: number, columns: number, accumulateX: Accumulate, accumulateW: Accumulate,
  ) => void; // prettier-ignore
  /** Rows of length 1; divisors `[rows]` are for the gradient. */
  readonly normalize_forward: (
    x: Pointer, y: Pointer, divisors: Pointer, rows: number, columns: number, epsilon: number,
  ) => void; // prettier-ignore
  readonly normalize_gradient: (
    g: Pointer, y: Pointer, divisors: Pointer, dx: Pointer, rows: number, columns: number, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Gated units: x `[rows, 2·columns]`; `activation` is 0 for SiLU, 1 for GELU, 2 for GELU's tanh form -----------------
  readonly gated_forward: (x: Pointer, y: Pointer, rows: number, columns: number, activation: number) => void;
  readonly gated_gradient: (
    g: Pointer, x: Pointer, dx: Pointer, rows: number, columns: number, activation: number, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Attention and look-up -----------------------------------------------------------------------------------------
  /** Scratch elements of both kernels, where no sequence has more keys; perhaps more than there can be. */
  readonly attention_scratch_len: (keys: number, headDim: number) => number;
  /** `plan` is an `AttentionPlanStruct` (./struct.ts), and behind it the table of sequences. */
  readonly attention_forward: (
    plan: Pointer, q: Pointer, k: Pointer, v: Pointer, o: Pointer, lse: Pointer, scratch: Pointer, scratchLength: number,
  ) => void; // prettier-ignore
  /** `operands` is an `AttentionGradientStruct`; dq, dk and dv may each be 0. */
  readonly attention_gradient: (plan: Pointer, operands: Pointer, scratch: Pointer, scratchLength: number) => void;
  /** x with pairs of features of its first `heads` heads turned, cos and sin `[rows, pairs]`; `back` turns them back. */
  readonly rotary: (
    x: Pointer, cos: Pointer, sin: Pointer, y: Pointer, rows: number, columns: number,
    heads: number, headDim: number, pairs: number, interleaved: Flag, back: Flag, accumulate: Accumulate,
  ) => void; // prettier-ignore
  /** Rows of the table `[vocabulary, columns]` at `index`, `n` 32-bit integers. */
  readonly embedding_forward: (table: Pointer, index: Pointer, y: Pointer, n: number, columns: number) => void;
  /** Rows of index `padding` get nothing; −1 for none. */
  readonly embedding_gradient: (
    g: Pointer, index: Pointer, tableGradient: Pointer, vocabulary: number, columns: number, n: number,
    padding: number, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Losses --------------------------------------------------------------------------------------------------------
  /** Of logits `[rows, classes]`; losses `[rows]` or total `[1]` may be 0, statistics are for the gradient. */
  readonly cross_entropy_forward: (
    logits: Pointer, targets: Pointer, weights: Pointer, losses: Pointer, statistics: Pointer, total: Pointer,
    rows: number, classes: number, smoothing: number, scale: number,
  ) => void; // prettier-ignore
  /** `gStep` is 1 for a gradient a row, 0 for one of all. */
  readonly cross_entropy_gradient: (
    g: Pointer, logits: Pointer, targets: Pointer, weights: Pointer, statistics: Pointer, dx: Pointer,
    rows: number, classes: number, smoothing: number, scale: number, gStep: Flag, accumulate: Accumulate,
  ) => void; // prettier-ignore
  /** (x − y)² of each element. */
  readonly mse_loss_forward: (x: Pointer, y: Pointer, losses: Pointer, n: number) => void;
  /** scale·Σ (x − y)² */
  readonly mse_loss_total: (x: Pointer, y: Pointer, total: Pointer, n: number, scale: number) => void;
  /** `gStep` is 1 for a gradient an element, 0 for one of all. */
  readonly mse_loss_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, scale: number, gStep: Flag, accumulate: Accumulate,
  ) => void; // prettier-ignore

  // Optimizers ----------------------------------------------------------------------------------------------------
  /** `vMax` is 0 without AMSGrad; `step` counts from 1. */
  readonly adamw: (
    g: Pointer, p: Pointer, m: Pointer, v: Pointer, vMax: Pointer, n: number, lr: number, beta1: number, beta2: number,
    epsilon: number, weightDecay: number, penalty: number, step: number,
  ) => void; // prettier-ignore
  /** `a` is 0 where it is not centred, `b` without momentum. */
  readonly root_of_squares: (
    g: Pointer, p: Pointer, v: Pointer, a: Pointer, b: Pointer, n: number, lr: number, keep: number, add: number,
    epsilon: number, weightDecay: number, momentum: number,
  ) => void; // prettier-ignore
  /** `buffer` is 0 without momentum; `first` is 1 while it holds nothing. */
  readonly sgd: (
    g: Pointer, p: Pointer, buffer: Pointer, n: number, lr: number, momentum: number, dampening: number,
    weightDecay: number, nesterov: Flag, first: Flag,
  ) => void; // prettier-ignore
}
