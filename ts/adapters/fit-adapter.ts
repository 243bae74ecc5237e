import { AdapterError, UnsupportedError } from "../errors/errors.js";
import { relatePaths } from "../io/peft/paths/base-paths.js";
import type { Adapter } from "../io/peft/index.js";
import type { AdaptedLinear } from "./adapted-linear.js";

/**
 * The adapter with module paths as the model has them (without what a head puts before them, such as "bert."), after
 * checking that every layer fits.
 * Throws `AdapterError` where one does not, `UnsupportedError` where the adapter also holds more than low-rank updates.
 */
export function fitAdapter(adapter: Adapter, linears: readonly AdaptedLinear[]): Adapter {
  if (adapter.config.bias !== "none" || adapter.config.loraBias || adapter.extra.size > 0) {
    throw new UnsupportedError(
      "loadAdapter: this adapter also holds trained biases or whole modules (bias, lora_bias, modules_to_save), which a model does not apply yet",
      { extra: [...adapter.extra.keys()] },
    );
  }
  const parts = new Map(
    linears.flatMap((linear) => linear.parts.map((part) => [part.path, { linear, part }] as const)),
  );
  const paths = relatePaths([...adapter.layers.keys()], new Set([...parts.keys()].map((path) => `${path}.weight`)));
  const layers = new Map(
    [...adapter.layers].map(([path, layer]) => {
      const known = parts.has(path) ? path : paths.toBase(path);
      const found = parts.get(known);
      if (found === undefined) {
        throw new AdapterError(`loadAdapter: the adapter is for ${path}, which this model does not have`, {
          module: path,
        });
      }
      const [a, b] = [layer.loraA.shape, layer.loraB.shape];
      if (a[0] !== found.linear.inFeatures || b[1] !== found.part.width) {
        throw new AdapterError(
          `loadAdapter: ${path} is ${found.linear.inFeatures} → ${found.part.width} here, the adapter's A and B are ${a[0]} → ${b[1]}`,
          { module: path },
        );
      }
      return [known, layer] as const;
    }),
  );
  return { ...adapter, layers };
}
