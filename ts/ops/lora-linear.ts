import { ConfigError, ShapeError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { finite, flag, whole } from "../settings.js";
import { formatShape, sameShape } from "../shape.js";
import { expectInputs } from "./broadcast.js";
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

function take(given: LoraLinearAttributes | undefined): LoraLinearAttributes {
  checkOptions("loraLinear", given, names);
  const { bias, adapterInput, adapters } = given!;
  if (!Array.isArray(adapters)) {
    throw new ConfigError(`loraLinear: adapters is a list of { start, width, scaling }, got ${excerpt(adapters)}`);
  }
  const taken = new Array<AdapterColumns>(adapters.length);
  for (let i = 0; i < adapters.length; i++) taken[i] = takeColumns(adapters[i] as unknown);
  return {
    bias: flag("loraLinear", "bias", bias),
    adapterInput: flag("loraLinear", "adapterInput", adapterInput),
    adapters: taken,
  };
}

function takeColumns(given: unknown): AdapterColumns {
  if (typeof given !== "object" || given === null) {
    throw new ConfigError(`loraLinear: an adapter is { start, width, scaling }, got ${excerpt(given)}`);
  }
  const { start, width, scaling } = given as AdapterColumns;
  return {
    start: whole("loraLinear", "start", start),
    width: whole("loraLinear", "width", width),
    scaling: finite("loraLinear", "scaling", scaling),
  };
}

/**
 * y = x·W + b, and for each adapter y[:, columns] += s·(x·A)·B (LoRA, arXiv 2106.09685). Several adapters, each on columns
 * of its own, let query, key and value run as one product.
 *
 * With u = x·A saved and v = s·g[:, columns]·Bᵀ: ∂A = xᵀ·v, ∂B = s·uᵀ·g[:, columns], ∂x = g·Wᵀ + Σ v·Aᵀ. W is frozen and
 * gets no gradient.
 */
export const loraLinear: TakingOp<LoraLinearAttributes, LoraLinearAttributes, readonly Pointer[]> = {
  name: "loraLinear",
  take,

  shape(inputs, attributes) {
    expectInputs("loraLinear", inputs, firstAdapter(attributes) + 2 * attributes.adapters.length);
    const [x, weight] = inputs as [Shape, Shape];
    const seen = inputs[adapterInput(attributes)]!;
    if (!sameShape(seen, x)) {
      const message = `loraLinear: the adapters' input must have x's shape ${formatShape(x)}, got ${formatShape(seen)}`;
      throw new ShapeError(message, { x, seen });
    }
    const shape = linearShape("loraLinear", x, weight, attributes.bias ? inputs[2] : undefined);
    attributes.adapters.forEach((adapter, i) => {
      const first = firstAdapter(attributes) + 2 * i;
      checkAdapter(weight, inputs[first]!, inputs[first + 1]!, adapter);
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
      const u = call.recording ? call.allocate(rows * rank) : call.scratch(rows * rank);
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
  if (!call.wants(i)) return 0;
  const { pointer, accumulate } = call.target(i);
  if (accumulate === 0) call.kernels.fill(call.inputs[i]!.size, 0, pointer);
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
  const none = { pointer: 0, accumulate: 0 } as const;
  const gradA = call.wants(first) ? call.target(first) : none;
  const gradB = call.wants(first + 1) ? call.target(first + 1) : none;
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

function checkAdapter(weight: Shape, a: Shape, b: Shape, { start, width }: AdapterColumns): void {
  const [inFeatures, outFeatures] = weight as [number, number];
  const fits = a.length === 2 && b.length === 2 && a[0] === inFeatures && a[1] === b[0] && b[1] === width;
  if (!fits || start + width > outFeatures) {
    throw new ShapeError(
      `loraLinear: A ${formatShape(a)} and B ${formatShape(b)} on columns ${start} to ${start + width} do not fit weight ` +
        `${formatShape(weight)}: A is [${inFeatures}, rank], B is [rank, ${width}]`,
      { weight, a, b, start, width },
    );
  }
}
