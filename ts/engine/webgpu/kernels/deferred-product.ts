import type { Pointer } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import { type Program, spread } from "../program.js";
import {
  isByColumn,
  lowRank,
  MOST_ROWS,
  MOST_UPDATES,
  vectorGroups,
  vectorKey,
  vectorProgram,
} from "../programs/vector-product.js";
import { PLAIN, productProgram, type RightOperand, tileOf, tiles } from "../programs/product.js";

/** C `[m, n]` ← …: the program's values after m and n, which end with those of C and its bias. */
export interface Product {
  /** Names the operand. */
  readonly key: string;
  /** How B is stored; none for float32 with strides. */
  readonly operand: RightOperand | undefined;
  readonly m: number;
  readonly n: number;
  readonly rest: readonly number[];
}

/** y `[t, width]` += factor·U·B: U `[t, rank]` is contiguous. */
export interface LowRankUpdate {
  readonly t: number;
  readonly width: number;
  readonly rank: number;
  readonly factor: number;
  readonly u: Pointer;
  readonly b: Pointer;
  readonly bRow: number;
  readonly bCol: number;
  readonly y: Pointer;
  readonly yRow: number;
}

/**
 * The last product, which waits for the next call: if that is the update of an adapter on the same rows, both are one dispatch. What a call
 * sees is the same, since everything else encodes the product first.
 */
export class DeferredProduct {
  private readonly variants = new Map<string, Program>();
  private waiting: { readonly product: Product; readonly updates: number[] } | null = null;

  constructor(private readonly stream: CommandStream) {}

  /** Encodes a product. */
  run(product: Product, updates: readonly number[] = []): void {
    const { key, m, n, rest } = product;
    const isUpdated = updates.length > 0;
    const base = `gemm ${key}${isUpdated ? " + low rank" : ""}`;
    const variant = m <= MOST_ROWS ? fewRows(product, base, isUpdated) : inTiles(product, base, isUpdated);
    let program = this.variants.get(variant.name);
    if (program === undefined) this.variants.set(variant.name, (program = variant.make()));
    const fields = !isUpdated ? [] : [updates.length / FIELDS, ...updates];
    const absent = !isUpdated ? 0 : FIELDS * MOST_UPDATES - updates.length;
    this.stream.run(program, ...variant.groups, [m, n, ...rest, ...fields, ...new Array<number>(absent).fill(0)]);
  }

  /** Encodes it at the next call that is not part of it. */
  defer(product: Product): void {
    const waiting = { product, updates: [] };
    this.stream.defer(() => {
      this.waiting = null;
      this.run(product, waiting.updates);
    });
    this.waiting = waiting;
  }

  /** Whether an update can be part of the product that waits, and `others`, which are written before it, are not in C. */
  accepts({ y, yRow, t, width }: LowRankUpdate, others: readonly Written[] = []): boolean {
    if (this.waiting === null || this.waiting.updates.length === FIELDS * MOST_UPDATES) return false;
    const { m, n, rest } = this.waiting.product;
    const [c, cRow] = placeOf(rest);
    const [row, column] = cornerOf(rest, y);
    const end = c + 4 * cRow * m;
    const apart = others.every(([pointer, size]) => pointer + 4 * size <= c || pointer >= end);
    return apart && rest[1] === 1 && y >= c && yRow === cRow && row + t <= m && column + width <= n;
  }

  /** Makes an update, which `accepts` has found to fit, a part of the product that waits; encodes `ahead` before it. */
  add({ t, width, rank, factor, u, b, bRow, bCol, y }: LowRankUpdate, ahead: () => void): void {
    const waiting = this.waiting!;
    this.stream.ahead(ahead);
    this.waiting = waiting;
    const { product, updates } = waiting;
    const [top, left] = cornerOf(product.rest, y);
    updates.push(u, rank, factor, b, bRow, bCol, top, top + t, left, left + width);
  }
}

/** How a product is computed. */
interface Variant {
  readonly name: string;
  readonly groups: readonly [number, number];
  make(): Program;
}

function inTiles({ operand, m, n }: Product, base: string, isUpdated: boolean): Variant {
  const tile = tileOf(m, n);
  const name = `${base} ${tile.join()}`;
  const make = () => productProgram(name, ...tile, operand, isUpdated ? lowRank : undefined);
  return { name, groups: tiles(m, n, tile), make };
}

function fewRows({ operand = PLAIN, m, n, rest }: Product, base: string, isUpdated: boolean): Variant {
  // B is after k, α, A and its strides.
  const byColumn = isByColumn(operand, rest[0]!, rest.slice(5));
  const name = `${base} ${vectorKey(m, byColumn)}`;
  const make = () => vectorProgram(name, m, byColumn, operand, isUpdated);
  return { name, groups: spread(vectorGroups(n, byColumn)), make };
}

/** Address and number of elements. */
export type Written = readonly [pointer: Pointer, size: number];

/** Values of an update. */
const FIELDS = 10;

/** Where C is, and how far its rows are apart. */
const placeOf = (rest: readonly number[]) => rest.slice(-3) as [Pointer, number, Pointer];

/** Row and column of C at an address. */
function cornerOf(rest: readonly number[], y: Pointer): readonly [row: number, column: number] {
  const [c, cRow] = placeOf(rest);
  return [Math.floor((y - c) / 4 / cRow), ((y - c) / 4) % cRow];
}
