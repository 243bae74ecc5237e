import { LORA_FORWARD, writeLoraForward } from "../../engine/struct.js";
import { ShapeError } from "../../errors/errors.js";
import { checkOptions } from "../../arguments/options.js";
import { finite, flag, list, object, whole } from "../../arguments/settings.js";
import { checkShape } from "../../values/tensor.js";
import { columnSums, inputGradient, linearShape, rowsOf, timesWeight } from "./linear.js";
import type { BackwardCall, ForwardCall, Pointer, Shape, TakingOp } from "../op.js";

/** Rows `start` up to `end` (excluded), counted over all dimensions of x but the last. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** An adapter on columns `start` to `start + width` of the weight. */
export interface AdapterColumns {
  readonly start: number;
  readonly width: number;
  /** α/r, or α/√r for rsLoRA. */
  readonly scaling: number;
  /** Rows of x to which it applies; default all. */
  readonly rows?: RowRange | undefined;
}

/** Attributes of `loraLinear`. */
export interface LoraLinearAttributes {
  /** Whether the third input is the bias. */
  readonly bias: boolean;
  /** Whether the next input is the adapters' own input: x after dropout. */
  readonly adapterInput: boolean;
  /**
   * The other inputs: A `[in, rank]` and B `[rank, width]` of each, in this order. Where rows and columns of two adapters overlap, both
   * apply.
   */
  readonly adapters: readonly AdapterColumns[];
}

const names = ["bias", "adapterInput", "adapters"];

/** Checked attributes with derived facts. Checking them again returns them unchanged. */
class Taken implements LoraLinearAttributes {
  /** Index of the adapters' own input. */
  readonly seen: number;
  /** Index of the first A. */
  readonly first: number;
  /** Whether no two neighbouring adapters share rows and columns. */
  readonly apart: boolean;

  constructor(
    readonly bias: boolean,
    readonly adapterInput: boolean,
    readonly adapters: readonly AdapterColumns[],
  ) {
    const next = bias ? 3 : 2;
    this.seen = adapterInput ? next : 0;
    this.first = adapterInput ? next + 1 : next;
    this.apart = adapters.every((adapter, i) => i === 0 || isBehind(adapter, adapters[i - 1]!));
  }
}

/** Whether an adapter has further columns of the same rows as the one before it, or further rows. */
function isBehind({ rows, start }: AdapterColumns, before: AdapterColumns): boolean {
  const same = rows?.start === before.rows?.start && rows?.end === before.rows?.end;
  if (same) return start >= before.start + before.width;
  return rows !== undefined && before.rows !== undefined && rows.start >= before.rows.end;
}

// Written out instead of `readOptions`: a small layer's call takes less time than that.
function take(given: LoraLinearAttributes | undefined, what: string): Taken {
  if (given instanceof Taken) return given;
  checkOptions(what, given, names);
  const { bias, adapterInput, adapters } = given!;
  list(what, "adapters", adapters, FIELDS);
  const taken = new Array<AdapterColumns>(adapters.length);
  for (let i = 0; i < adapters.length; i++) {
    const { start, width, scaling, rows } = object(what, "an adapter", adapters[i], FIELDS) as AdapterColumns;
    taken[i] = {
      start: whole(what, "start", start),
      width: whole(what, "width", width),
      scaling: finite(what, "scaling", scaling),
      rows: rows === undefined ? rows : takeRows(what, rows),
    };
  }
  return new Taken(flag(what, "bias", bias), flag(what, "adapterInput", adapterInput), taken);
}

function takeRows(what: string, given: RowRange): RowRange {
  const { start, end } = object(what, "rows", given, "{ start, end }") as RowRange;
  const first = whole(what, "rows.start", start);
  return { start: first, end: whole(what, "rows.end", end, first) };
}

const FIELDS = "{ start, width, scaling, rows }";

/**
 * y = x·W + b, and for each adapter y[rows, columns] += s·(x[rows]·A)·B (LoRA, arXiv 2106.09685). With adapters on different columns,
 * query, key and value run as one product; with adapters on different rows, texts with different adapters.
 *
 * With u = x[rows]·A saved and v = s·g[rows, columns]·Bᵀ: ∂A = x[rows]ᵀ·v, ∂B = s·uᵀ·g[rows, columns], ∂x = g·Wᵀ and
 * ∂x[rows] += v·Aᵀ for each. W is frozen and gets no gradient.
 */
export const loraLinear: TakingOp<LoraLinearAttributes, Taken, readonly Pointer[]> = {
  name: "loraLinear",
  frozen: 1,
  take,

  shape(inputs, { bias, seen, first, adapters }, what) {
    const count = first + 2 * adapters.length;
    if (inputs.length !== count) {
      const details = { option: "inputs", expected: count, actual: inputs.length };
      throw new ShapeError(`${what}: takes ${count} inputs, got ${inputs.length}`, details);
    }
    const [x, weight] = [inputs[0]!, inputs[1]!];
    checkShape(what, "the adapters' input", inputs[seen]!, x, "x's ");
    const shape = linearShape(what, x, weight, bias ? inputs[2] : undefined);
    for (let i = 0, a = first; i < adapters.length; i++, a += 2) {
      checkAdapter(what, x, weight, inputs[a]!, inputs[a + 1]!, adapters[i]!);
    }
    return shape;
  },

  forward(call) {
    const { kernels, inputs, output, attributes } = call;
    const { bias, seen, first, adapters } = attributes;
    timesWeight(call, bias ? inputs[2]!.pointer : 0);
    const x = inputs[seen]!;
    const [inFeatures, outFeatures] = inputs[1]!.shape as [number, number];
    if (adapters.length > 1 && attributes.apart && adapters.every((adapter) => isFew(rangeOf(adapter, x.shape))))
      return forwardEach(call);
    const saved = new Array<Pointer>(adapters.length);
    for (let i = 0; i < adapters.length; i++) {
      const adapter = adapters[i]!;
      const { width, scaling } = adapter;
      const [a, b] = [inputs[first + 2 * i]!, inputs[first + 2 * i + 1]!];
      const rank = a.shape[1]!;
      const { start, end } = rangeOf(adapter, x.shape);
      const rows = end - start;
      const u = call.keep(rows * rank);
      const from = x.pointer + 4 * start * inFeatures;
      const y = output.pointer + 4 * (start * outFeatures + adapter.start);
      kernels.lora_forward(
        rows, inFeatures, width, rank, scaling, from, inFeatures, a.pointer, b.pointer, u, y, outFeatures,
      ); // prettier-ignore
      saved[i] = u;
    }
    return saved;
  },

  backward(call) {
    const { attributes } = call;
    let input: Pointer = 0;
    if (call.wants(0)) {
      const target = call.target(0);
      inputGradient(call, target);
      input = target.pointer;
    }
    if (attributes.bias && call.wants(2)) columnSums(call, 2);
    if (attributes.adapterInput) input = droppedInputTarget(call);
    for (let i = 0; i < attributes.adapters.length; i++) adapterGradients(call, i, input);
  },
};

/** Rows of an adapter for one thread; more rows are shared among threads. */
const FEW_ROWS = 16;
const isFew = ({ start, end }: RowRange) => end - start <= FEW_ROWS;

/** The updates of several adapters by one kernel, whose threads share the adapters. */
function forwardEach(call: ForwardCall<Taken>): readonly Pointer[] {
  const { kernels, inputs, output, attributes } = call;
  const { seen, first, adapters } = attributes;
  const x = inputs[seen]!;
  const [inFeatures, outFeatures] = inputs[1]!.shape as [number, number];
  const words = new Int32Array(LORA_FORWARD * adapters.length);
  const saved = new Array<Pointer>(adapters.length);
  for (let i = 0; i < adapters.length; i++) {
    const adapter = adapters[i]!;
    const [a, b] = [inputs[first + 2 * i]!, inputs[first + 2 * i + 1]!];
    const rank = a.shape[1]!;
    const { start, end } = rangeOf(adapter, x.shape);
    const u = call.keep((end - start) * rank);
    const { width, scaling } = adapter;
    const from = x.pointer + 4 * start * inFeatures;
    const y = output.pointer + 4 * (start * outFeatures + adapter.start);
    writeLoraForward(words, {
      t: end - start, inFeatures, outFeatures: width, rank, scaling,
      x: from, xRow: inFeatures, a: a.pointer, b: b.pointer, u, y, yRow: outFeatures,
    }, LORA_FORWARD * i); // prettier-ignore
    saved[i] = u;
  }
  kernels.lora_forward_each(adapters.length, call.upload(words));
  return saved;
}

/** Memory for the gradient of the adapters' own input, zeroed at its first contribution; 0 if not needed. */
function droppedInputTarget(call: BackwardCall<Taken, unknown>): Pointer {
  const i = call.attributes.seen;
  const { pointer, accumulate } = call.targetIfWanted(i);
  if (pointer !== 0 && accumulate === 0) call.kernels.fill(call.inputs[i]!.size, 0, pointer);
  return pointer;
}

/** ∂A, ∂B and the adapter's contribution to ∂x, each if needed. */
function adapterGradients(call: BackwardCall<Taken, readonly Pointer[]>, i: number, gradX: Pointer): void {
  const { kernels, inputs, gradient, attributes, saved } = call;
  const adapter = attributes.adapters[i]!;
  const { width, scaling } = adapter;
  const first = attributes.first + 2 * i;
  const x = inputs[attributes.seen]!;
  const [a, b] = [inputs[first]!, inputs[first + 1]!];
  const [inFeatures, outFeatures] = inputs[1]!.shape as [number, number];
  const rank = a.shape[1]!;
  const { start, end } = rangeOf(adapter, x.shape);
  const rows = end - start;
  const skipped = 4 * start * inFeatures;
  const g = gradient.pointer + 4 * (start * outFeatures + adapter.start);
  const gradA = call.targetIfWanted(first);
  const gradB = call.targetIfWanted(first + 1);
  const scratch = call.scratch(kernels.lora_scratch_len(rows, inFeatures, width, rank));
  kernels.lora_backward(
    rows, inFeatures, width, rank, scaling,
    x.pointer + skipped, inFeatures, saved[i]!, g, outFeatures, a.pointer, b.pointer,
    gradA.pointer, gradA.accumulate, gradB.pointer, gradB.accumulate, gradX && gradX + skipped, inFeatures, scratch,
  ); // prettier-ignore
}

/** The rows of x to which an adapter applies. */
const rangeOf = ({ rows }: AdapterColumns, x: Shape): RowRange => rows ?? { start: 0, end: rowsOf(x) };

function checkAdapter(
  what: string,
  x: Shape,
  weight: Shape,
  a: Shape,
  b: Shape,
  { start, width, rows }: AdapterColumns,
): void {
  const [inFeatures, outFeatures] = weight as [number, number];
  checkShape(what, "A", a, [inFeatures, a[1] ?? 0]);
  checkShape(what, "B", b, [a[1]!, width]);
  if (start + width > outFeatures) {
    const message = `${what}: columns ${start} to ${start + width} are not within the weight's ${outFeatures}`;
    throw new ShapeError(message, { start, width, length: outFeatures });
  }
  if (rows && rows.end > rowsOf(x)) {
    const message = `${what}: rows ${rows.start} to ${rows.end} are not within the input's ${rowsOf(x)}`;
    throw new ShapeError(message, { ...rows, length: rowsOf(x) });
  }
}
