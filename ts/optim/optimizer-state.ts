import { checkOptions } from "../arguments/options.js";
import { finite, list, object, unexpected, whole } from "../arguments/settings.js";
import { checkShape } from "../values/shape.js";
import { checkTensor, type Tensor } from "../values/tensor.js";

/** Maximum number of updates that kernels can count. */
const MOST_STEPS = 2 ** 32 - 2;

/**
 * Reads a state, each field once. Throws `ConfigError` or `ShapeError` unless it has, for each of `shapes`, a number of steps and the
 * buffers `names` with that shape and finite values, and nothing else.
 */
export function checkState(
  given: OptimizerState,
  shapes: readonly (readonly number[])[],
  names: readonly string[],
): OptimizerState {
  const { steps, buffers } = object(what, "a state", given, "{ steps, buffers }") as OptimizerState;
  for (const [name, each] of Object.entries({ steps, buffers })) {
    const items = `${shapes.length} items`;
    if (list(what, name, each, items).length !== shapes.length)
      throw unexpected(what, name, `a list of ${items}`, each);
  }
  return {
    steps: shapes.map((_, i) => whole(what, `steps[${i}]`, steps[i], 0, MOST_STEPS)),
    buffers: shapes.map((shape, i) => {
      const own: Record<string, unknown> = buffers[i]!;
      checkOptions(`${what}: buffers[${i}]`, own, names);
      return Object.fromEntries(names.map((name) => [name, checkBuffer(own[name], `buffers[${i}].${name}`, shape)]));
    }),
  };
}

const what = "optimizer";

function checkBuffer(given: unknown, name: string, shape: readonly number[]): Tensor {
  const tensor = checkTensor(`${what}: ${name}`, object(what, name, given, "{ shape, data }") as Tensor);
  checkShape(what, name, tensor.shape, shape);
  const place = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) finite(what, `${name}.data[${place}]`, tensor.data[place]);
  return tensor;
}

/** An optimizer's state, for checkpoints: load it into one with the same parameters in the same order. */
export interface OptimizerState {
  /** Number of updates of each parameter. */
  readonly steps: readonly number[];
  /** For each parameter, its buffers by name. */
  readonly buffers: readonly Readonly<Record<string, Tensor>>[];
}
