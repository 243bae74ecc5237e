import { ConfigError, ShapeError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { whole } from "../settings.js";
import { checkTensor, formatShape, sameShape, type Tensor } from "../tensor.js";
import type { OptimizerState } from "./optimizer.js";

/** Updates that kernels can count. */
const MOST_STEPS = 2 ** 32 - 2;

/**
 * A state as it was passed, each field read once. Throws `ConfigError` or `ShapeError` unless it holds, for each of
 * `shapes`, a number of steps and the buffers `names`, of that shape and finite, and nothing else.
 */
export function checkState(
  given: OptimizerState,
  shapes: readonly (readonly number[])[],
  names: readonly string[],
): OptimizerState {
  if (typeof given !== "object" || given === null) {
    throw new ConfigError(`optimizer: a state is { steps, buffers }, got ${excerpt(given)}`);
  }
  const { steps, buffers } = given;
  if (!Array.isArray(steps) || !Array.isArray(buffers)) {
    throw new ConfigError(
      `optimizer: a state is lists of steps and buffers, got ${excerpt(steps)} and ${excerpt(buffers)}`,
    );
  }
  if (buffers.length !== shapes.length || steps.length !== shapes.length) {
    throw new ConfigError(`optimizer: the state has ${buffers.length} parameters, this optimizer ${shapes.length}`);
  }
  return {
    steps: shapes.map((_, i) => whole("optimizer", `steps[${i}]`, steps[i], 0, MOST_STEPS)),
    buffers: shapes.map((shape, i) => checkBuffers(buffers[i], i, shape, names)),
  };
}

function checkBuffers(
  given: unknown,
  i: number,
  shape: readonly number[],
  names: readonly string[],
): Record<string, Tensor> {
  if (typeof given !== "object" || given === null) {
    throw new ConfigError(`optimizer: the buffers of parameter ${i} are an object, got ${excerpt(given)}`);
  }
  for (const name in given) {
    if (names.includes(name)) continue;
    throw new ConfigError(`optimizer: the state has "${excerpt(name)}" for parameter ${i}, which this one has not`);
  }
  return Object.fromEntries(
    names.map((name) => [name, checkBuffer((given as Record<string, unknown>)[name], name, i, shape)]),
  );
}

function checkBuffer(given: unknown, name: string, i: number, shape: readonly number[]): Tensor {
  if (given === undefined) throw new ConfigError(`optimizer: the state has no "${name}" for parameter ${i}`);
  const tensor = checkTensor(`optimizer: "${name}" of parameter ${i}`, given as Tensor);
  if (!sameShape(tensor.shape, shape)) {
    throw new ShapeError(
      `optimizer: "${name}" of parameter ${i} is ${formatShape(tensor.shape)}, expected ${formatShape(shape)}`,
    );
  }
  const place = tensor.data.findIndex((x) => !Number.isFinite(x));
  if (place >= 0) {
    throw new ConfigError(`optimizer: "${name}" of parameter ${i} is ${tensor.data[place]} at place ${place}`, {
      place,
    });
  }
  return tensor;
}
