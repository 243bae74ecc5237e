import { sizeOf } from "../../../ts/values/tensor.js";
import { weightFormats } from "../../../ts/ops/product/frozen-weight.js";
import type { Numbers, Statement, Stored } from "./program.js";
import type { Random } from "./random.js";

/** Bounds of a tensor's elements. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A tensor of the program that is being made. */
export interface Tensor extends Range {
  readonly id: number;
  readonly g: number;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly leaf: boolean;
  /** A frozen matrix, in whatever format. */
  readonly stored?: boolean;
  /** Steps of its graph that were open when it was made. */
  readonly depth: number;
}

/** How large and how odd a program may be. */
export interface Size {
  readonly statements: number;
  /** Elements of a tensor. */
  readonly elements: number;
  /** Leaves with NaN, infinities and the like among their numbers. */
  readonly wild: boolean | "portable";
}

const LENGTHS = [1, 1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 23, 31, 33, 37, 64, 67];

/** Chooses operands for the rules: tensors that are there already, or new leaves. */
export class Maker {
  /** Tensors that can be used now. */
  alive: Tensor[] = [];
  /** Where statements go. */
  body: Statement[] = [];
  /** Graph and open steps of what is being made. */
  g = 0;
  depths: number[];
  private lastId = 0;
  /** Few lengths, so that shapes meet often. */
  private readonly lengths: number[];

  constructor(
    readonly random: Random,
    readonly size: Size,
    graphs: number,
  ) {
    this.depths = Array.from({ length: graphs }, () => 0);
    const fitting = LENGTHS.filter((length) => length ** 2 <= 4 * size.elements);
    this.lengths = Array.from({ length: 5 }, () => random.pick(fitting));
    if (random.chance(0.1)) this.lengths.push(0);
  }

  newId(): number {
    return ++this.lastId;
  }

  length(): number {
    return this.random.pick(this.lengths);
  }

  /** A shape of few enough elements. */
  shape(least: number, greatest: number): number[] {
    for (;;) {
      const shape = Array.from({ length: this.random.int(least, greatest) }, () => this.length());
      if (sizeOf(shape) <= this.size.elements) return shape;
      // One long dimension is as good as several short ones.
      if (greatest === least && this.random.chance(0.2)) return shape.map(() => this.random.int(1, 3));
    }
  }

  /** A dimension of a shape, counted from either end. */
  dim(shape: readonly number[]): number {
    return this.random.int(-shape.length, shape.length - 1);
  }

  /** A tensor of any shape within bounds. */
  any(least = 0, greatest = 4, range?: Partial<Range>): Tensor {
    const fits = ({ shape }: Tensor) => shape.length >= least && shape.length <= greatest;
    return this.existing(fits, range) ?? this.leaf(this.shape(least, greatest), range);
  }

  /** A tensor of this shape within bounds. */
  like(shape: readonly number[], range?: Partial<Range>, reuse = 0.6): Tensor {
    const fits = (tensor: Tensor) => tensor.shape.join() === shape.join();
    return (this.random.chance(reuse) ? this.existing(fits, range) : null) ?? this.leaf(shape, range);
  }

  /** A new constant or variable; a constant matrix may be kept in fewer bits. */
  leaf(
    shape: readonly number[],
    { low = -2, high = 2 }: Partial<Range> = {},
    trainable = this.random.chance(0.6),
  ): Tensor {
    const [from, to] = [Math.max(low, Math.min(-2, high - 4)), Math.min(high, Math.max(2, low + 4))];
    const data = this.numbers(from, to);
    const made: Tensor = {
      id: this.newId(),
      g: this.g,
      shape,
      trainable,
      leaf: true,
      depth: this.depths[this.g]!,
      ...(data.wild ? { low: -Infinity, high: Infinity } : { low: from, high: to }),
    };
    if (!trainable && shape.length === 2 && this.random.chance(0.5)) return this.stored(made, data);
    this.body.push({ do: "leaf", g: this.g, id: made.id, trainable, shape: [...shape], data });
    this.alive.push(made);
    return made;
  }

  private stored(leaf: Tensor, data: Numbers): Tensor {
    const [rows, columns] = leaf.shape as [number, number];
    this.body.push({ do: "store", g: this.g, id: leaf.id, ...this.storage([rows, columns], data) });
    const made = {
      ...leaf,
      low: leaf.low - Math.abs(leaf.low) / 256,
      high: leaf.high + Math.abs(leaf.high) / 256,
      stored: true,
    };
    this.alive.push(made);
    return made;
  }

  /** How a matrix of these numbers is stored. */
  storage(shape: [number, number], data: Numbers): Stored {
    return { shape, format: this.random.pick(weightFormats), transposed: this.random.chance(0.5), data };
  }

  numbers(low: number, high: number): Numbers {
    const seed = this.random.int(0, 2 ** 24 - 1);
    const { wild } = this.size;
    return wild && this.random.chance(0.1) ? { seed, low, high, wild } : { seed, low, high };
  }

  /** A tensor that is there; the newer ones more often. */
  private existing(fits: (tensor: Tensor) => boolean, { low = -60, high = 60 }: Partial<Range> = {}): Tensor | null {
    const inRange = (tensor: Tensor) => this.size.wild || (tensor.low >= low && tensor.high <= high);
    const found = this.alive.filter((tensor) => tensor.g === this.g && inRange(tensor) && fits(tensor));
    if (found.length === 0 || this.random.chance(0.15)) return null;
    return found[Math.floor(found.length * Math.sqrt(this.random.unit()))]!;
  }
}
