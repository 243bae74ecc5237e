import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { finite, flag, list, object, whole } from "../settings.js";
import { checkShape } from "../shape.js";
import { columnSums, inputGradient, linearShape, rowsOf, timesWeight } from "./linear.js";
import type { BackwardCall, Pointer, Shape, TakingOp } from "./op.js";

/** One adapter on columns `start` to `start + width` of the weight. */
export interface AdapterColumns {
  readonly start: number;
  readonly width: number;
  /** α/r, or α/√r for rsLoRA. */
  readonly scaling: number;
}

/** Attributes of `loraLinear`. */
export interface LoraLinearAttributes {
  /** Whether the third input is the bias. */
  readonly bias: boolean;
  /** Whether the next input is what the adapters see in place of x: x after dropout. */
  readonly adapterInput: boolean;
  /** The rest of the inputs: A `[in, rank]` and B `[rank, width]` of each, in this order. Columns may be adapted twice. */
  readonly adapters: readonly AdapterColumns[];
}

const names = ["bias", "adapterInput", "adapters"];

// Spelled out, not by `readOptions`: a small layer's call takes less than that would.
function take(given: LoraLinearAttributes | undefined, what: string): LoraLinearAttributes {
  checkOptions(what, given, names);
  const { bias, adapterInput, adapters } = given!;
  list(what, "adapters", adapters, FIELDS);
  const taken = new Array<AdapterColumns>(adapters.length);
  for (let i = 0; i < adapters.length; i++) {
    const { start, width, scaling } = object(what, "an adapter", adapters[i], FIELDS) as AdapterColumns;
    taken[i] = {
      start: whole(what, "start", start),
      width: whole(what, "width", width),
      scaling: finite(what, "scaling", scaling),
    };
  }
  return { bias: flag(what, "bias", bias), adapterInput: flag(what, "adapterInput", adapterInput), adapters: taken };
}

const FIELDS = "{ start, width, scaling }";

/**
 * y = x·W + b, and for each adapter y[:, columns] += s·(x·A)·B (LoRA, arXiv 2106.09685). Several adapters, each on columns
 * of its own, let query, key and value run as one product.
 *
 * With u = x·A saved and v = s·g[:, columns]·Bᵀ: ∂A = xᵀ·v, ∂B = s·uᵀ·g[:, columns], ∂x = g·Wᵀ + Σ v·Aᵀ. W is frozen and
 * gets no gradient.
 */
export const loraLinear: TakingOp<LoraLinearAttributes, LoraLinearAttributes, readonly Pointer[]> = {
  name: "loraLinear",
  frozen: 1,
  take,

  shape(inputs, attributes, what) {
    const first = firstAdapter(attributes);
    const count = first + 2 * attributes.adapters.length;
    if (inputs.length !== count) throw new ShapeError(`${what}: takes ${count} inputs, got ${inputs.length}`);
    const [x, weight, bias] = inputs as [Shape, Shape, Shape];
    const seen = inputs[adapterInput(attributes)]!;
    checkShape(what, "the adapters' input", seen, x, "x's ");
    const shape = linearShape(what, x, weight, attributes.bias ? bias : undefined);
    attributes.adapters.forEach((adapter, i) => {
      checkAdapter(what, weight, inputs[first + 2 * i]!, inputs[first + 2 * i + 1]!, adapter);
    });
    return shape;
  },

  forward(call) {
    const { kernels, inputs, output, attributes } = call;
    timesWeight(call, attributes.bias ? inputs[2]!.pointer : 0);
    const x = inputs[adapterInput(attributes)]!;
    const [inFeatures, outFeatures] = inputs[1]!.shape as [number, number];
    const rows = rowsOf(x.shape);
    const first = firstAdapter(attributes);
    return attributes.adapters.map(({ start, width, scaling }, i) => {
      const [a, b] = [inputs[first + 2 * i], inputs[first + 2 * i + 1]];
      const rank = a!.shape[1]!;
      const u = call.keep(rows * rank);
      const y = output.pointer + 4 * start;
      kernels.lora_forward(
        rows, inFeatures, width, rank, scaling, x.pointer, inFeatures, a!.pointer, b!.pointer, u, y, outFeatures,
      ); // prettier-ignore
      return u;
    });
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
    attributes.adapters.forEach((_, i) => adapterGradients(call, i, input));
  },
};

/** Memory for the gradient of the adapters' own input, zeroed at its first contribution; 0 where not wanted. */
function droppedInputTarget(call: BackwardCall<LoraLinearAttributes, unknown>): Pointer {
  const i = adapterInput(call.attributes);
  const { pointer, accumulate } = call.targetIfWanted(i);
  if (pointer !== 0 && accumulate === 0) call.kernels.fill(call.inputs[i]!.size, 0, pointer);
  return pointer;
}

/** ∂A, ∂B and the adapter's part of ∂x, each where wanted. */
function adapterGradients(
  call: BackwardCall<LoraLinearAttributes, readonly Pointer[]>,
  i: number,
  gradX: Pointer,
): void {
  const { kernels, inputs, gradient, attributes, saved } = call;
  const { start, width, scaling } = attributes.adapters[i]!;
  const first = firstAdapter(attributes) + 2 * i;
  const x = inputs[adapterInput(attributes)]!;
  const [a, b] = [inputs[first]!, inputs[first + 1]!];
  const [inFeatures, outFeatures] = inputs[1]!.shape as [number, number];
  const rank = a.shape[1]!;
  const rows = rowsOf(x.shape);
  const gradA = call.targetIfWanted(first);
  const gradB = call.targetIfWanted(first + 1);
  const scratch = call.scratch(kernels.lora_scratch_len(rows, inFeatures, width, rank));
  kernels.lora_backward(
    rows, inFeatures, width, rank, scaling,
    x.pointer, inFeatures, saved[i]!, gradient.pointer + 4 * start, outFeatures, a.pointer, b.pointer,
    gradA.pointer, gradA.accumulate, gradB.pointer, gradB.accumulate, gradX, inFeatures, scratch,
  ); // prettier-ignore
}

function adapterInput({ bias, adapterInput }: LoraLinearAttributes): number {
  return adapterInput ? (bias ? 3 : 2) : 0;
}

function firstAdapter({ bias, adapterInput }: LoraLinearAttributes): number {
  return 2 + (bias ? 1 : 0) + (adapterInput ? 1 : 0);
}

function checkAdapter(what: string, weight: Shape, a: Shape, b: Shape, { start, width }: AdapterColumns): void {
  const [inFeatures, outFeatures] = weight as [number, number];
  checkShape(what, "A", a, [inFeatures, a[1] ?? 0]);
  checkShape(what, "B", b, [a[1]!, width]);
  if (start + width <= outFeatures) return;
  throw new ShapeError(`${what}: columns ${start} to ${start + width} are not within ${outFeatures}`);
}
