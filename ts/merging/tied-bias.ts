import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type Adapter, type BaseIndex, baseTensor } from "../io/peft/index.js";
import { relatePaths } from "../io/peft/paths/base-paths.js";
import type { Tensor } from "../values/tensor.js";

const ofOutput = /\.decoder\.bias$/;

/** The second name of an output layer's bias in models like BERT and RoBERTa: "X.bias" for "X.decoder.bias". */
export const twinOf = (bias: string) => (ofOutput.test(bias) ? bias.replace(ofOutput, ".bias") : null);

/**
 * Renames such a bias in an adapter to the name that the base has: with bias "all" PEFT writes both names of one parameter. Throws
 * `AdapterError` if both exist and differ.
 */
export function withTiedBias(adapter: Adapter, { names }: Pick<BaseIndex, "names">): Adapter {
  const { layers, extra } = adapter;
  const inBase = new Set(names);
  const paths = relatePaths([...layers.keys()], inBase);
  const own = (name: string) => paths.toBase(baseTensor(name));
  const known = new Map([...extra].map(([name, tensor]) => [own(name), tensor]));
  const kept = new Map<string, Tensor>();
  for (const [name, tensor] of extra) {
    const twin = inBase.has(own(name)) ? null : twinOf(own(name));
    if (twin === null || !inBase.has(twin)) {
      kept.set(name, tensor);
      continue;
    }
    const other = known.get(twin);
    if (other === undefined) kept.set(name.replace(/\.decoder(\.base_layer)?\.bias$/, ".bias"), tensor);
    else if (other.data.length !== tensor.data.length || other.data.some((x, i) => !Object.is(x, tensor.data[i])))
      throw new AdapterError(
        `adapter: ${clip(name)} and ${clip(twin)} are one bias of the base, and differ: which of the two counts cannot be told`,
        { tensor: name, name: twin },
      );
  }
  return kept.size === extra.size && [...kept.keys()].every((name) => extra.has(name))
    ? adapter
    : { ...adapter, extra: kept };
}
