import type { Graph, NodeId } from "../../../ts/index.js";
import type { Maker, Range, Tensor } from "./maker.js";

/** One use of an op. */
export interface Use {
  readonly inputs: readonly Tensor[];
  /** Plain data, as a program stores them. */
  readonly attributes: object;
  /** What bounds the result, given bounds of the inputs. */
  readonly range: Range;
}

/** How a random use of an op is made, and how it is run. */
export interface Rule {
  /** Null where nothing fits now. */
  make(maker: Maker): Use | null;
  // Attributes are what `make` gave, read from JSON maybe.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(graph: Graph, inputs: NodeId[], attributes: any): NodeId;
}

/** Bound of the absolute value. */
export const most = ({ low, high }: Range): number => Math.max(Math.abs(low), Math.abs(high));

/** From −bound to bound. */
export const within = (bound: number): Range => ({ low: -bound, high: bound });

/** Bounds of f(x) where f grows. */
export const growing =
  (f: (x: number) => number) =>
  ({ low, high }: Range): Range => ({ low: f(low), high: f(high) });

/** Bounds of f(x) where f falls. */
export const falling =
  (f: (x: number) => number) =>
  ({ low, high }: Range): Range => ({ low: f(high), high: f(low) });

export const negative = ({ low, high }: Range): Range => ({ low: -high, high: -low });

/** Activations that lie between their argument and 0, or little below. */
export const gated = ({ low, high }: Range): Range => ({
  low: Math.max(Math.min(low, 0), -0.3),
  high: Math.max(high, 0),
});

/** y = f(x); `range` bounds f over the range of x, `domain` is where f is tame. */
export function unaryRule(
  method: (graph: Graph, x: NodeId) => NodeId,
  range: (x: Range) => Range,
  domain?: Partial<Range>,
): Rule {
  return {
    make(maker) {
      const x = maker.any(0, 4, domain);
      return { inputs: [x], attributes: {}, range: range(x) };
    },
    call: (graph, [x]) => method(graph, x!),
  };
}

/** A shape that repeats to `shape`. */
export function partOf({ random }: Maker, shape: readonly number[]): number[] {
  const lead = random.chance(0.5) ? 0 : random.int(0, shape.length);
  return shape.slice(lead).map((length) => (random.chance(0.2) ? 1 : length));
}

/** y = f(a, b), where one operand or both may repeat, and both may be one node. */
export function binaryRule(
  method: (graph: Graph, a: NodeId, b: NodeId) => NodeId,
  range: (a: Range, b: Range) => Range,
  domain?: Partial<Range>,
): Rule {
  return {
    make(maker) {
      const { random } = maker;
      const whole = maker.shape(0, 4);
      const shape = random.chance(0.5) ? maker.any().shape : whole;
      const shapes = random.shuffle([shape, random.chance(0.6) ? shape : partOf(maker, shape)]);
      const a = maker.like(shapes[0]!);
      const b = random.chance(0.05) && domain === undefined ? a : maker.like(shapes[1]!, domain);
      return { inputs: [a, b], attributes: {}, range: range(a, b) };
    },
    call: (graph, [a, b]) => method(graph, a!, b!),
  };
}

/** Starts of sequences that fill `tokens` rows, some of them empty. */
export function cuts({ random }: Maker, tokens: number): number[] {
  const inner = Array.from({ length: random.int(0, 3) }, () => random.int(0, tokens));
  return [0, ...inner.sort((a, b) => a - b), tokens];
}

/** A rule for an op that moves elements of one tensor and changes none. */
export function moving(least: number, attributes: (maker: Maker, x: Tensor) => object, call: Rule["call"]): Rule {
  return {
    make(maker) {
      const x = maker.any(least);
      return { inputs: [x], attributes: attributes(maker, x), range: x };
    },
    call,
  };
}

/** Places of a dimension; none where it has none. */
export function places({ random }: Maker, length: number, count: number): number[] {
  return length === 0 ? [] : Array.from({ length: count }, () => random.int(0, length - 1));
}
