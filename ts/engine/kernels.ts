// Made from crates/wasm by scripts/wasm/interface, which `npm run build` runs. Do not edit.

/** Byte offset into the engine's memory; 0 where there is nothing. */
export type Pointer = number;

/** Exports of `kernels::activation`, in the form of `unary`: `<name>_forward` and `<name>_gradient`. */
export interface ActivationKernels {
  readonly relu_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly relu_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly sigmoid_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly sigmoid_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly tanh_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly tanh_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly silu_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly silu_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly quick_gelu_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly quick_gelu_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number,
  ) => void;
  readonly gelu_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly gelu_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly gelu_tanh_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly gelu_tanh_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly softplus_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly softplus_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
}

/**
 * Exports of `kernels::attention`. Work is cut over the pairs of sequence and head; each thread takes every n-th pair,
 * so that the heads of a long sequence are shared out.
 */
export interface AttentionKernels {
  /** Elements of scratch, for all threads, where no sequence has more than `keys` keys; perhaps more than there can be. */
  readonly attention_scratch_len: (keys: number, headDim: number) => number;
  /**
   * O and lse of all sequences and heads. `plan` is an `AttentionPlan`, `scratch_length` comes from
   * `attention_scratch_len`.
   */
  readonly attention_forward: (
    plan: Pointer, q: Pointer, k: Pointer, v: Pointer, o: Pointer, lse: Pointer, scratch: Pointer,
    scratchLength: number,
  ) => void;
  /** Attention of scores s that become `cap`·tanh(s / `cap`) before keys are hidden; 0 for none. */
  readonly attention_forward_capped: (
    plan: Pointer, q: Pointer, k: Pointer, v: Pointer, o: Pointer, lse: Pointer, scratch: Pointer,
    scratchLength: number, cap: number,
  ) => void;
  /**
   * ∂L/∂Q, ∂L/∂K, ∂L/∂V in the layouts of Q and of K and V. `plan` is the `AttentionPlan` of the forward pass, `operands`
   * an `AttentionGradient`.
   */
  readonly attention_gradient: (plan: Pointer, operands: Pointer, scratch: Pointer, scratchLength: number) => void;
  /** Gradient of `attention_forward_capped`. */
  readonly attention_gradient_capped: (
    plan: Pointer, operands: Pointer, scratch: Pointer, scratchLength: number, cap: number,
  ) => void;
}

/**
 * Exports of `kernels::binary`. Sizes `n0 n1 n2` of the result, strides `a0 a1 a2` and `b0 b1 b2` of the operands over
 * it, in elements; see `Broadcast`. `accumulate` 1 adds to the destination, 0 overwrites it.
 */
export interface BinaryKernels {
  /** y ← a + b */
  readonly add_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** y ← a − b */
  readonly sub_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** y ← a·b */
  readonly mul_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** y ← a / b */
  readonly div_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** y ← max(a, b) */
  readonly maximum_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** y ← min(a, b) */
  readonly minimum_forward: (
    a: Pointer, b: Pointer, y: Pointer, n0: number, n1: number, n2: number, a0: number, a1: number, a2: number,
    b0: number, b1: number, b2: number, accumulate: number,
  ) => void;
  /** Gradient of other / x for x. */
  readonly div_gradient: (
    g: Pointer, x: Pointer, other: Pointer, dx: Pointer, n0: number, n1: number, n2: number, x0: number, x1: number,
    x2: number, other0: number, other1: number, other2: number, accumulate: number,
  ) => void;
  /** Gradient of max(x, other) for x. */
  readonly maximum_gradient: (
    g: Pointer, x: Pointer, other: Pointer, dx: Pointer, n0: number, n1: number, n2: number, x0: number, x1: number,
    x2: number, other0: number, other1: number, other2: number, accumulate: number,
  ) => void;
  /** Gradient of min(x, other) for x. */
  readonly minimum_gradient: (
    g: Pointer, x: Pointer, other: Pointer, dx: Pointer, n0: number, n1: number, n2: number, x0: number, x1: number,
    x2: number, other0: number, other1: number, other2: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::cross_entropy`. Logits are `[rows, classes]`; a target that is no class index is ignored. */
export interface CrossEntropyKernels {
  /**
   * Losses `[rows]` and statistics `[rows, 2]`, which the gradient needs; `total` (0 where not wanted) receives
   * scale·Σ losses. `weights` is `[classes]` or 0.
   */
  readonly cross_entropy_forward: (
    logits: Pointer, targets: Pointer, weights: Pointer, losses: Pointer, statistics: Pointer, total: Pointer,
    rows: number, classes: number, smoothing: number, scale: number,
  ) => void;
  /** ∂L/∂logits, row r's loss having the gradient scale·g[r·g_step]. */
  readonly cross_entropy_gradient: (
    g: Pointer, logits: Pointer, targets: Pointer, weights: Pointer, statistics: Pointer, dx: Pointer, rows: number,
    classes: number, smoothing: number, scale: number, gStep: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::embedding`: table `[vocabulary, columns]`, index `[n]`, y and g `[n, columns]`. */
export interface EmbeddingKernels {
  /** y[j, ·] = table[index[j], ·]. */
  readonly embedding_forward: (table: Pointer, index: Pointer, y: Pointer, n: number, columns: number) => void;
  /** ∂L/∂table; rows of index `padding` get nothing (−1: every row takes part). */
  readonly embedding_gradient: (
    g: Pointer, index: Pointer, tableGradient: Pointer, vocabulary: number, columns: number, n: number, padding: number,
    accumulate: number,
  ) => void;
}

/**
 * Exports for frozen weights: products with stored matrices, what is read of them, and how they are written. `format` is the row of
 * `kernels::weights::FORMATS`; a stored matrix has rows of `width` elements, `transposed` = 1 means its transpose.
 */
export interface FrozenKernels {
  /** Bytes of a row of `width` elements. */
  readonly stored_bytes: (format: number, width: number) => number;
  /**
   * C ← α·A·W + β·C + bias with a stored W, [k, n], equal to the bit to `gemm_packed` of its values. Rows of `width` = n
   * elements; with `transposed` W lies as [n, k] and `width` = k. All else as for `gemm`.
   */
  readonly gemm_stored: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aCol: number, format: number,
    data: Pointer, transposed: number, beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void;
  /** The result of `pack` for a stored matrix, [k, n]. */
  readonly pack_stored: (
    k: number, n: number, format: number, data: Pointer, transposed: number, packed: Pointer,
  ) => void;
  /** Columns `start..end` of what `pack(k, n, …)` wrote, as [k, end − start]. */
  readonly unpack: (k: number, n: number, packed: Pointer, start: number, end: number, to: Pointer) => void;
  /** Columns `start..end` of a stored matrix, [k, n], as [k, end − start]. */
  readonly stored_columns: (
    k: number, n: number, format: number, data: Pointer, transposed: number, start: number, end: number, to: Pointer,
  ) => void;
  /** y[j, ·] ← row index[j] of a stored matrix with rows of `width` elements; y is [n, width]. */
  readonly stored_rows: (format: number, data: Pointer, width: number, index: Pointer, y: Pointer, n: number) => void;
  /**
   * Rows of `width` elements in one format become rows in another, which is in groups of 32; see
   * `kernels::weights::quantize`.
   */
  readonly quantize_rows: (
    from: number, data: Pointer, width: number, rows: number, format: number, to: Pointer,
  ) => void;
  /** Bytes of a row of `width` elements as `round_rows` writes it. */
  readonly rounded_bytes: (width: number) => number;
  /** x, [rows, width], in groups of 32 bytes for products with a format; see `kernels::weights::rounded`. */
  readonly round_rows: (x: Pointer, width: number, rows: number, format: number, to: Pointer) => void;
  /** y ← x·W + bias, [m, n], with x as `round_rows` wrote it and W stored as its transpose, [n, k], in blocks of groups. */
  readonly gemm_rounded: (
    m: number, n: number, k: number, x: Pointer, format: number, data: Pointer, bias: Pointer, y: Pointer,
  ) => void;
  /**
   * Rows `0..rows` of a format in groups, contiguous, become interleaved blocks of four; with `back`, blocks become
   * groups. In place: `data` has room for whole blocks, `scratch` for one.
   */
  readonly interleave_rows: (
    format: number, width: number, rows: number, data: Pointer, scratch: Pointer, back: number,
  ) => void;
  /** y[i] ← element i of a row of `n` as float32. */
  readonly stored_decode: (format: number, n: number, data: Pointer, y: Pointer) => void;
  /**
   * Writes `n` values as a row in a format, each as the nearest that it has, ties to even. Gives how many are finite, but
   * too large for it; all of them where its elements stand in groups.
   */
  readonly stored_encode: (format: number, n: number, x: Pointer, data: Pointer) => number;
  /**
   * W ← W + α·L·R in W's own format, one whose elements stand by themselves; W [rows, columns], L [rows, rank], R [rank, columns] in
   * panels (`kernels::weights::low_rank`). Gives how many values are finite, but too large for it.
   */
  readonly stored_add_low_rank: (
    format: number, rows: number, columns: number, rank: number, alpha: number, left: Pointer, panels: Pointer,
    data: Pointer,
  ) => number;
}

/**
 * Exports of `kernels::gated`. x and dx are `[rows, 2·columns]`, y and g `[rows, columns]`; `activation` is 0 for SiLU, 1 for
 * GELU, 2 for GELU's tanh form.
 */
export interface GatedKernels {
  /** y = f(a)·b, a and b the halves of x's rows. */
  readonly gated_forward: (x: Pointer, y: Pointer, rows: number, columns: number, activation: number) => void;
  /** ∂L/∂x. */
  readonly gated_gradient: (
    g: Pointer, x: Pointer, dx: Pointer, rows: number, columns: number, activation: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::gated_delta`. `table` has a `Sequence` for each sequence; work is cut over heads and blocks of their columns. */
export interface GatedDeltaKernels {
  /**
   * Elements of scratch that `gated_delta_forward` needs, or `gated_delta_gradient` of sequences of `longest` tokens, for all threads; 0 for
   * the former. Perhaps more than there can be.
   */
  readonly gated_delta_scratch_len: (keyDim: number, longest: number) => number;
  /** o, and the states after the sequences. */
  readonly gated_delta_forward: (
    q: Pointer, k: Pointer, v: Pointer, g: Pointer, beta: Pointer, o: Pointer, table: Pointer, sequences: number,
    rows: number, keyHeads: number, valueHeads: number, keyDim: number, valueDim: number, scratch: Pointer,
  ) => void;
  /** Adds the gradients of `gated_delta_forward` for sequences without states, of at most `longest` tokens; `up` is that of o. */
  readonly gated_delta_gradient: (
    q: Pointer, k: Pointer, v: Pointer, g: Pointer, beta: Pointer, up: Pointer, dq: Pointer, dk: Pointer, dv: Pointer,
    dg: Pointer, dbeta: Pointer, table: Pointer, sequences: number, rows: number, longest: number, keyHeads: number,
    valueHeads: number, keyDim: number, valueDim: number, scratch: Pointer,
  ) => void;
}

/** The skinny products of a LoRA layer and their gradients. */
export interface LoraKernels {
  /**
   * u ← x·A, y ← y + s·u·B. x [t, in], A [in, rank], B [rank, out], u [t, rank] (kept for the gradient), y [t, out];
   * x and y with rows `x_row`, `y_row` apart, the others dense. Nothing overlaps.
   */
  readonly lora_forward: (
    t: number, inFeatures: number, outFeatures: number, rank: number, scaling: number, x: Pointer, xRow: number,
    a: Pointer, b: Pointer, u: Pointer, y: Pointer, yRow: number,
  ) => void;
  /**
   * Forward pass of several adapters on few rows each, a `LoraForward` each in a table; threads share the adapters out. No two write
   * to the same place.
   */
  readonly lora_forward_each: (count: number, table: Pointer) => void;
  /** Elements of scratch that `lora_backward` needs. */
  readonly lora_scratch_len: (t: number, inFeatures: number, outFeatures: number, rank: number) => number;
  /**
   * Gradient of an adapter. With g = ∂L/∂y, [t, out], rows `g_row` apart: gu = s·g·Bᵀ (into `scratch`), ∂A = xᵀ·gu, ∂B = s·uᵀ·g, ∂x += gu·Aᵀ.
   * A null `grad_a`, `grad_b` or `grad_x` is not wanted; `accumulate_…` = 1 adds to what is there, 0 writes every
   * element without reading. Operands as in `lora_forward`; `grad_a` [in, rank], `grad_b` [rank, out], `grad_x` [t, in].
   */
  readonly lora_backward: (
    t: number, inFeatures: number, outFeatures: number, rank: number, scaling: number, x: Pointer, xRow: number,
    u: Pointer, g: Pointer, gRow: number, a: Pointer, b: Pointer, gradA: Pointer, accumulateA: number, gradB: Pointer,
    accumulateB: number, gradX: Pointer, gradXRow: number, scratch: Pointer,
  ) => void;
}

/** Products with a weight that is copied ahead of use, in the order in which the tile reads it. */
export interface PackedKernels {
  /** Elements of a packed [k, n] matrix. */
  readonly packed_len: (k: number, n: number) => number;
  /** Copies B, [k, n], into the order in which the tile in use reads it: `packed_len(k, n)` elements. Wᵀ by strides. */
  readonly pack: (k: number, n: number, b: Pointer, bRow: number, bCol: number, packed: Pointer) => void;
  /** `gemm` with B as `pack(k, n, …)` wrote it under a tile of as many columns. */
  readonly gemm_packed: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aCol: number, packed: Pointer,
    beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void;
  /** C ← α·A·Wᵀ + β·C from the one packed copy of W, [n, k], that `pack(n, k, …)` wrote: A is [m, k], C [m, n]. */
  readonly gemm_packed_transposed: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aCol: number, packed: Pointer,
    beta: number, c: Pointer, cRow: number,
  ) => void;
}

/** What a tile does in the first-level cache, and what the machine could do at best. */
export interface ProbeKernels {
  /** Elements of scratch that `probe_tile` needs. */
  readonly probe_len: () => number;
  /**
   * Runs a tile `iterations` times over first-level cache: 2·rows·columns·256 operations each. `scratch` holds
   * `probe_len()` finite elements; the last 128 are overwritten.
   */
  readonly probe_tile: (index: number, iterations: number, scratch: Pointer) => void;
  /** Forms of `peak`; which gives most depends on the processor and the engine. */
  readonly peak_forms: () => number;
  /** Operations of one iteration of a form of `peak`. */
  readonly peak_flops: (form: number) => number;
  /** Elements that `peak` works on. */
  readonly peak_len: () => number;
  /**
   * The machine's best: independent multiply-adds in registers, in one of `peak_forms()` forms. `data` holds `peak_len()`
   * finite elements, of which the first four are overwritten.
   */
  readonly peak: (form: number, iterations: number, data: Pointer) => void;
}

/** C ← α·A·B + β·C + bias. */
export interface ProductKernels {
  /**
   * C ← α·A·B + β·C + bias: A [m, k], B [k, n], C [m, n] with contiguous rows `c_row` apart. A·Bᵀ and Aᵀ·B by strides.
   * `bias` is [n] or null. C overlaps no operand. With β = 0, C is not read.
   */
  readonly gemm: (
    m: number, n: number, k: number, alpha: number, a: Pointer, aRow: number, aCol: number, b: Pointer, bRow: number,
    bCol: number, beta: number, c: Pointer, cRow: number, bias: Pointer,
  ) => void;
}

/** The register tile in use, and the products' scratch. */
export interface TileKernels {
  /** Number of scratch elements that `set_workspace` needs for this many threads. */
  readonly workspace_len: (threads: number) => number;
  /**
   * Hands over scratch of `length` ≥ `workspace_len(threads)` elements, kept until the next call. Returns whether it is
   * long enough for the threads there are.
   */
  readonly set_workspace: (data: Pointer, length: number) => number;
  /** Number of compiled register tiles. */
  readonly tile_count: () => number;
  /** Index of the tile in use. */
  readonly tile: () => number;
  /**
   * Chooses the tile. What was packed before stays readable by tiles of as many columns, and only by those, so the rows
   * may be changed at any time. An index out of range is ignored.
   */
  readonly set_tile: (index: number) => void;
  /** Rows of a tile, 0 for an index out of range. */
  readonly tile_rows: (index: number) => number;
  /** Columns of a tile, 0 for an index out of range. */
  readonly tile_columns: (index: number) => number;
}

/**
 * Exports of `kernels::layer_norm`. x, y, g, dx are `[rows, columns]`, weight and bias `[columns]` or 0, mean and rstd
 * `[rows]`.
 */
export interface LayerNormKernels {
  /** y = (x − mean)·rstd·weight + bias for each row; keeps mean and rstd for the gradient. */
  readonly layer_norm_forward: (
    x: Pointer, weight: Pointer, bias: Pointer, y: Pointer, mean: Pointer, rstd: Pointer, rows: number, columns: number,
    epsilon: number,
  ) => void;
  /** Gradients of `layer_norm_forward`; dx, dw, db are each 0 where not wanted. */
  readonly layer_norm_gradient: (
    g: Pointer, x: Pointer, weight: Pointer, mean: Pointer, rstd: Pointer, dx: Pointer, dw: Pointer, db: Pointer,
    rows: number, columns: number, accumulateX: number, accumulateW: number, accumulateB: number,
  ) => void;
  /** y = x·rstd·weight for each row, rstd = 1/√(mean(x²) + ε), kept for the gradient. */
  readonly rms_norm_forward: (
    x: Pointer, weight: Pointer, y: Pointer, rstd: Pointer, rows: number, columns: number, epsilon: number,
  ) => void;
  /** Gradients of `rms_norm_forward`; dx and dw are each 0 where not wanted. */
  readonly rms_norm_gradient: (
    g: Pointer, x: Pointer, weight: Pointer, rstd: Pointer, dx: Pointer, dw: Pointer, rows: number, columns: number,
    accumulateX: number, accumulateW: number,
  ) => void;
}

/** Exports of `kernels::layout`. */
export interface LayoutKernels {
  /**
   * y[…] ← α·x[…] over sizes `n0 n1 n2 n3` with strides `x0…x3` and `y0…y3` in elements; added to y where `accumulate`
   * is 1.
   */
  readonly copy_strided: (
    x: Pointer, y: Pointer, n0: number, n1: number, n2: number, n3: number, x0: number, x1: number, x2: number,
    x3: number, y0: number, y1: number, y2: number, y3: number, alpha: number, accumulate: number,
  ) => void;
  /** to[o, j, i] ← from[o, index[j], i] */
  readonly index_select: (
    from: Pointer, index: Pointer, to: Pointer, outer: number, axis: number, count: number, inner: number,
  ) => void;
  /** to[o, index[j], i] += from[o, j, i] */
  readonly index_add: (
    from: Pointer, index: Pointer, to: Pointer, outer: number, axis: number, count: number, inner: number,
  ) => void;
  /** to[o, j, i] ← from[o, index[o, j, i], i] */
  readonly gather: (
    from: Pointer, index: Pointer, to: Pointer, outer: number, axis: number, count: number, inner: number,
  ) => void;
  /** to[o, index[o, j, i], i] += from[o, j, i] */
  readonly scatter_add: (
    from: Pointer, index: Pointer, to: Pointer, outer: number, axis: number, count: number, inner: number,
  ) => void;
}

/** Exports of `kernels::loss`. */
export interface LossKernels {
  /** total[0] = scale·Σ (x[i] − y[i])². */
  readonly mse_loss_total: (x: Pointer, y: Pointer, total: Pointer, n: number, scale: number) => void;
  /** losses[i] = (x[i] − y[i])². */
  readonly mse_loss_forward: (x: Pointer, y: Pointer, losses: Pointer, n: number) => void;
  /** dx[i] = scale·g[i·g_step]·(x[i] − y[i]); exchange x and y for the gradient of y. */
  readonly mse_loss_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, scale: number, gStep: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::memory`; parameters in the order of BLAS. */
export interface MemoryKernels {
  /** y[i] ← value for i in 0..n. */
  readonly fill: (n: number, value: number, y: Pointer) => void;
  /** y[i] ← x[i] for i in 0..n; they may overlap. */
  readonly copy: (n: number, x: Pointer, y: Pointer) => void;
  /** y[i] ← y[i] + α·x[i] for i in 0..n. */
  readonly axpy: (n: number, alpha: number, x: Pointer, y: Pointer) => void;
  /** y[i] ← α·x[i] for i in 0..n. */
  readonly scale: (n: number, alpha: number, x: Pointer, y: Pointer) => void;
}

/** Exports of `kernels::normalize`. */
export interface NormalizeKernels {
  /** y ← x / max(‖x‖, ε) for each of `rows` rows; `divisors [rows]` is kept for the gradient. */
  readonly normalize_forward: (
    x: Pointer, y: Pointer, divisors: Pointer, rows: number, columns: number, epsilon: number,
  ) => void;
  /** Gradient of `normalize_forward` from its `y` and `divisors`; added to dx where `accumulate` is 1. */
  readonly normalize_gradient: (
    g: Pointer, y: Pointer, divisors: Pointer, dx: Pointer, rows: number, columns: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::optim`. Hyperparameters are f64: 1 − β₂ has no digits to lose. */
export interface OptimKernels {
  /** One AdamW step on `n` parameters; `v_max` is 0 without AMSGrad, `step` counts from 1. */
  readonly adamw: (
    g: Pointer, p: Pointer, m: Pointer, v: Pointer, vMax: Pointer, n: number, lr: number, beta1: number, beta2: number,
    epsilon: number, weightDecay: number, penalty: number, step: number,
  ) => void;
  /** One step of gradient descent on `n` parameters. `buffer` is 0 without momentum; `first` is 1 while it holds nothing. */
  readonly sgd: (
    g: Pointer, p: Pointer, buffer: Pointer, n: number, lr: number, momentum: number, dampening: number,
    weightDecay: number, nesterov: number, first: number,
  ) => void;
  /** One step of RMSprop or Adagrad on `n` parameters. `a` is 0 where it is not centred, `b` without momentum. */
  readonly root_of_squares: (
    g: Pointer, p: Pointer, v: Pointer, a: Pointer, b: Pointer, n: number, lr: number, keep: number, add: number,
    epsilon: number, weightDecay: number, momentum: number,
  ) => void;
  /** Σ x[i]², summed in f64. */
  readonly sum_of_squares: (x: Pointer, n: number) => number;
}

/**
 * A fork-join pool on shared memory. The main thread publishes a job and works on it too; workers spin for a moment
 * after each job, so that the next kernel of a step finds them awake, and then sleep in `memory.atomic.wait32`.
 */
export interface PoolKernels {
  /** Tells how many threads there are, once the workers run, and whether the caller of the kernels may block. */
  readonly set_threads: (threads: number, maySleep: number) => void;
  /** The caller's part of a job: tasks until there are none to claim. */
  readonly work_as_caller: () => void;
  /** A worker whose `worker_loop` threw calls this as its last. Its caller would else wait for the task for ever. */
  readonly worker_failed: (index: number) => void;
  /** Called between two kernels: a worker that is about to be ended takes no part in later ones. */
  readonly retire_worker: (index: number) => void;
  /** The endless loop of worker `index`, 0 to 30. */
  readonly worker_loop: (index: number) => void;
}

/**
 * Exports of `kernels::pooling`: x `[tokens, columns]`, offsets `[sequences + 1]`, y and g
 * `[sequences, columns]`.
 */
export interface PoolingKernels {
  /** y[s, ·] = mean of the rows of x that belong to sequence s; 0 where there are none. */
  readonly mean_pool_forward: (x: Pointer, offsets: Pointer, y: Pointer, sequences: number, columns: number) => void;
  /** ∂L/∂x of the rows that belong to a sequence; others are left alone. */
  readonly mean_pool_gradient: (
    g: Pointer, offsets: Pointer, dx: Pointer, sequences: number, columns: number, accumulate: number,
  ) => void;
}

/**
 * Exports of `kernels::philox` and `kernels::dropout`. A seed of 64 bits comes as two numbers; the same seed, stream
 * and index give the same number in every build, with any number of threads.
 */
export interface RandomKernels {
  /** y[i] = uniform in 0..1 for i in 0..n. */
  readonly philox_uniform: (y: Pointer, n: number, seedLow: number, seedHigh: number, stream: number) => void;
  /** y[i] = normal with mean 0 and variance 1 for i in 0..n. */
  readonly philox_normal: (y: Pointer, n: number, seedLow: number, seedHigh: number, stream: number) => void;
  /** y = x·keep / (1 − p), or added to y; the same call with g for x is the gradient. */
  readonly dropout: (
    x: Pointer, y: Pointer, n: number, p: number, seedLow: number, seedHigh: number, stream: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::reduce`: x `[outer, axis, inner]` to y `[outer, inner]`. */
export interface ReduceKernels {
  /** y[o, i] ← α·Σ over r of x[o, r, i]; added to y where `accumulate` is 1. */
  readonly sum_axis: (
    x: Pointer, y: Pointer, outer: number, axis: number, inner: number, alpha: number, accumulate: number,
  ) => void;
  /** y[o, i] ← max over r of x[o, r, i]. */
  readonly max_axis: (x: Pointer, y: Pointer, outer: number, axis: number, inner: number) => void;
  /** y[o, i] ← min over r of x[o, r, i]. */
  readonly min_axis: (x: Pointer, y: Pointer, outer: number, axis: number, inner: number) => void;
  /** Gradient of `max_axis` and `min_axis`; ties share evenly. Added to dx where `accumulate` is 1. */
  readonly extreme_axis_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, outer: number, axis: number, inner: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::rotary`. x, y, g and dx are `[rows, columns]`, cos and sin `[rows, pairs]`. */
export interface RotaryKernels {
  /**
   * y ← x with pairs of features of its first `heads` heads rotated; with `back` by the opposite angles, for the
   * gradient.
   */
  readonly rotary: (
    x: Pointer, cos: Pointer, sin: Pointer, y: Pointer, rows: number, columns: number, heads: number, headDim: number,
    pairs: number, interleaved: number, back: number, accumulate: number,
  ) => void;
}

/** Exports of `kernels::search`. Rows are padded with zeros to `stride` bytes, a multiple of 16. */
export interface SearchKernels {
  /** score[r] ← Σ codes[r, i]·weights[i] for `rows` rows of signed bytes; `weights` are numbers of 16 bits. */
  readonly code_products: (rows: number, codes: Pointer, stride: number, weights: Pointer, scores: Pointer) => void;
  /** score[r] ← −(bits in which row r and the query differ) for `rows` rows. */
  readonly equal_bits: (rows: number, codes: Pointer, stride: number, query: Pointer, scores: Pointer) => void;
  /** Writes the places of the scores that are `least` or more to `places [n]`, and returns how many there are. */
  readonly at_least: (scores: Pointer, n: number, least: number, places: Pointer) => number;
}

/** Exports of `kernels::softmax`. Tensors are `[outer, length, inner]`, the middle dimension is normalised. */
export interface SoftmaxKernels {
  /** y = softmax(x). */
  readonly softmax_forward: (x: Pointer, y: Pointer, outer: number, length: number, inner: number) => void;
  /** ∂L/∂x of `softmax_forward` from its result y. */
  readonly softmax_gradient: (
    g: Pointer, y: Pointer, dx: Pointer, outer: number, length: number, inner: number, accumulate: number,
  ) => void;
  /** y = ln softmax(x). */
  readonly log_softmax_forward: (x: Pointer, y: Pointer, outer: number, length: number, inner: number) => void;
  /** ∂L/∂x of `log_softmax_forward` from its result y. */
  readonly log_softmax_gradient: (
    g: Pointer, y: Pointer, dx: Pointer, outer: number, length: number, inner: number, accumulate: number,
  ) => void;
}

/**
 * Exports of `kernels::unary`: `<name>_forward(x, y, n)`, y[i] ← f(x[i]), and `<name>_gradient(g, x, y, dx, n,
 * accumulate)`, dx[i] ← g[i]·f′(x[i]) (added to dx where `accumulate` is 1).
 */
export interface UnaryKernels {
  readonly neg_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly neg_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly abs_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly abs_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly square_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly square_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly exp_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly exp_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly log_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly log_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly sqrt_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly sqrt_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly rsqrt_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly rsqrt_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly reciprocal_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly reciprocal_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number,
  ) => void;
  readonly erf_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly erf_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly sin_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly sin_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly cos_forward: (x: Pointer, y: Pointer, n: number) => void;
  readonly cos_gradient: (g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number) => void;
  readonly pow_forward: (x: Pointer, y: Pointer, n: number, exponent: number) => void;
  readonly pow_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number, exponent: number,
  ) => void;
  readonly clamp_forward: (x: Pointer, y: Pointer, n: number, minimum: number, maximum: number) => void;
  readonly clamp_gradient: (
    g: Pointer, x: Pointer, y: Pointer, dx: Pointer, n: number, accumulate: number, minimum: number, maximum: number,
  ) => void;
}

/**
 * What ops, layers and optimizers call: the arithmetic of an engine, of whatever kind. All values are 4-byte, float32 unless said
 * otherwise; tensors are row-major and contiguous unless a stride is passed; lengths and strides count elements. `accumulate` 1 adds
 * a result to what its memory holds; with 0 every element is written, and what was there is not read. Arguments are checked before: a
 * kernel trusts its pointers.
 */
export interface Kernels
  extends
    ActivationKernels, AttentionKernels, BinaryKernels, CrossEntropyKernels, EmbeddingKernels, FrozenKernels,
    GatedKernels, GatedDeltaKernels, LoraKernels, PackedKernels, ProductKernels, LayerNormKernels, LayoutKernels,
    LossKernels, MemoryKernels, NormalizeKernels, OptimKernels, PoolingKernels, RandomKernels, ReduceKernels,
    RotaryKernels, SearchKernels, SoftmaxKernels, UnaryKernels {}
