import type { WithHalves } from "../engine/halves-kernels.js";
import type { Kernels, Pointer } from "../engine/kernels.js";
import type { FrozenWeight } from "./product/frozen-weight.js";

export type { Kernels, Pointer } from "../engine/kernels.js";

/** Lengths of a tensor's dimensions, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** A tensor in linear memory: float32, row-major, contiguous. */
export interface Value {
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  readonly pointer: Pointer;
}

/** Memory and kernels for an op's call. Sizes count 4-byte elements. */
export interface Workspace {
  readonly kernels: Kernels & WithHalves;
  /** Tape memory, kept until the step ends: for `backward`. */
  allocate(elements: number): Pointer;
  /** Memory until the running `forward` or `backward` returns. */
  scratch(elements: number): Pointer;
  /** Copies host data into tape memory (integers keep their bits). */
  upload(data: Float32Array | Int32Array | Uint32Array): Pointer;
  /**
   * Input `i` as a frozen weight; null if it is not a matrix, or, when a gradient will be computed, not a constant that outlives steps. Its
   * memory may be in any format, so an input that `Op.frozen` names is read only through this.
   */
  frozen(i: number): FrozenWeight | null;
  /** A new number for each call: the stream of the counter-based generator. */
  nextStream(): number;
  /** Seed of the graph. */
  readonly seed: number;
  /** Whether dropout is active (`graph.train()`). */
  readonly training: boolean;
}

/** The context of `forward`. */
export interface ForwardCall<A> extends Workspace {
  readonly inputs: readonly Value[];
  /** The result; `forward` writes every element (memory is uninitialised). */
  readonly output: Value;
  readonly attributes: A;
  /** Memory for what `backward` needs: kept if it may follow, else scratch. */
  keep(elements: number): Pointer;
}

/** The destination of a gradient. */
export interface GradientTarget {
  readonly pointer: Pointer;
  /** 0: first contribution, overwrite. 1: add. */
  readonly accumulate: 0 | 1;
}

/** The context of `backward`. It only runs if some input needs a gradient; for a single input, no check is needed. */
export interface BackwardCall<A, S> extends Workspace {
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** ∂L/∂output, of the output's shape. Read only. */
  readonly gradient: Value;
  readonly attributes: A;
  /** The result of `forward`. */
  readonly saved: S;
  /** Whether input `i` needs a gradient. */
  wants(i: number): boolean;
  /** The destination of ∂L/∂input `i`. Request it at most once for each input, only if needed, and write right after. */
  target(i: number): GradientTarget;
  /** `target(i)` if input `i` exists and needs a gradient; else a null pointer, which kernels with several outputs skip. */
  targetIfWanted(i: number): GradientTarget;
  /** Passes `gradient` on to input `i` (same size): cheaper than a copy if nobody else needs the buffer. */
  pass(i: number): void;
}

/**
 * A differentiable operation: its shape rule, its value and its gradient. `A` are its attributes (plain data, copied), `S` what forward
 * saves for backward.
 */
export interface Op<A = unknown, S = unknown> {
  readonly name: string;
  /**
   * Shape of the result. Checks inputs and attributes before any work; throws `ShapeError` or `ConfigError`, with a message that starts
   * with `what`, the op's name.
   */
  shape(inputs: readonly Shape[], attributes: A, what: string): Shape;
  /** The input that may be a `FrozenWeight`; others are always float32. */
  readonly frozen?: number;
  /** Whether the result shares the first input's memory (reshape and the like); `forward` is then not called. */
  readonly alias?: true;
  forward(call: ForwardCall<A>): S;
  backward(call: BackwardCall<A, S>): void;
}

/** An op with attributes: `G` as given by the caller, `A` as checked. */
export interface TakingOp<G, A, S> extends Op<A, S> {
  /**
   * Reads each attribute once, checks it, fills in its default and copies it, so that later changes by the caller have no effect. Throws
   * `ConfigError` or `ShapeError`, with a message that starts with `what`.
   */
  take(given: G | undefined, what: string): A;
  /** The result of `take` without attributes, cached by callers: most calls have none. */
  byDefault?: A;
}
