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

/** Memory and kernels that an op may use while it runs. Sizes count 4-byte elements. */
export interface Workspace {
  readonly kernels: Kernels;
  /** Tape memory, kept until the step ends: for what `backward` needs. */
  allocate(elements: number): Pointer;
  /** Memory that is free again when the running `forward` or `backward` returns. */
  scratch(elements: number): Pointer;
  /** Copies host data into tape memory (integers keep their bits). */
  upload(data: Float32Array | Int32Array | Uint32Array): Pointer;
  /**
   * Input `i` as a frozen weight; null where it is no matrix, and where a gradient is to follow also for one that is not constant or
   * does not outlive steps. Its memory may be in any form, so of inputs that `Op.frozen` names nothing else is read.
   */
  frozen(i: number): FrozenWeight | null;
  /** A number of its own for each call: the stream of the counter-based generator. */
  nextStream(): number;
  /** Seed of the graph. */
  readonly seed: number;
  /** Whether dropout is active (`graph.train()`). */
  readonly training: boolean;
}

/** What `forward` is given. */
export interface ForwardCall<A> extends Workspace {
  readonly inputs: readonly Value[];
  /** Result; `forward` writes every element (memory holds anything before). */
  readonly output: Value;
  readonly attributes: A;
  /** Memory for what `backward` needs: kept where it can follow, else scratch. */
  keep(elements: number): Pointer;
}

/** Where a gradient goes. */
export interface GradientTarget {
  readonly pointer: Pointer;
  /** 0: first contribution, write every element. 1: add to what is there. */
  readonly accumulate: 0 | 1;
}

/** What `backward` is given. It runs where some input wants a gradient: of a single one that need not be asked. */
export interface BackwardCall<A, S> extends Workspace {
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** ∂L/∂output, of the output's shape. Read only. */
  readonly gradient: Value;
  readonly attributes: A;
  /** What `forward` returned. */
  readonly saved: S;
  /** Whether input `i` needs a gradient. */
  wants(i: number): boolean;
  /** Where ∂L/∂input `i` goes. Ask at most once an input, only if wanted, and write right after asking. */
  target(i: number): GradientTarget;
  /** `target(i)` where input `i` is there and wants a gradient; else a null pointer, which kernels with several skip. */
  targetIfWanted(i: number): GradientTarget;
  /** Hands `gradient` unchanged to input `i` (same size): cheaper than a copy where nobody else needs the buffer. */
  pass(i: number): void;
}

/**
 * One differentiable operation: its shape rule, its value and its gradient.
 * `A` are its attributes (plain data of its own), `S` what forward saves for backward.
 */
export interface Op<A = unknown, S = unknown> {
  readonly name: string;
  /**
   * Shape of the result. Checks before any work that inputs and attributes fit; throws `ShapeError` or `ConfigError`,
   * whose message starts with `what`, the op's name.
   */
  shape(inputs: readonly Shape[], attributes: A, what: string): Shape;
  /** The input that it takes as a `FrozenWeight`, where it is one; others are float32 in every case. */
  readonly frozen?: number;
  /** Result has the first input's memory (reshape and the like); `forward` is then not called. */
  readonly alias?: true;
  forward(call: ForwardCall<A>): S;
  backward(call: BackwardCall<A, S>): void;
}

/** An op with attributes: `G` is what a caller gives, `A` what the op makes of it. */
export interface TakingOp<G, A, S> extends Op<A, S> {
  /**
   * Reads each attribute once, checks it, fills in its default and copies it: what the caller changes afterwards, between
   * forward and backward for one, changes nothing. Throws `ConfigError` or `ShapeError`, whose message starts with `what`.
   */
  take(given: G | undefined, what: string): A;
  /** What `take` gave for none at all, kept by whoever calls it: most calls have none. */
  byDefault?: A;
}
