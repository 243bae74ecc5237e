import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { AdapterLayer } from "./adapter.js";

/**
 * One layer on a joined weight of several layers: [A₁ A₂ …] and a block-diagonal matrix of the Bᵢ·scalingᵢ, so that each part's outputs
 * change as with its own layer. Undefined parts stay unchanged.
 */
export function joinedLayer(name: string, parts: readonly (AdapterLayer | undefined)[]): AdapterLayer {
  const given = parts.filter((part) => part !== undefined);
  const [inFeatures, width] = [given[0]!.loraA.shape[0]!, given[0]!.loraB.shape[1]!];
  if (given.some(({ loraA, loraB }) => loraA.shape[0] !== inFeatures || loraB.shape[1] !== width))
    throw new AdapterError(`adapter: the layers that ${clip(name)} joins differ in their features`, { module: name });
  const isDora = given.some(({ magnitude }) => magnitude !== undefined);
  if (isDora && given.length < parts.length)
    throw new UnsupportedError(
      `merge: the base holds query, key and value in one tensor, ${clip(name)}, of which the adapter with DoRA has a part: keep base and adapter apart`,
      { op: "merge", module: name },
    );
  const rank = given.reduce((sum, part) => sum + part.rank, 0);
  const outFeatures = width * parts.length;
  const [a, b] = [new Float32Array(inFeatures * rank), new Float32Array(rank * outFeatures)];
  const along = (take: (part: AdapterLayer) => Float32Array) => {
    const data = new Float32Array(outFeatures);
    parts.forEach((part, i) => part && data.set(take(part), i * width));
    return { shape: [outFeatures], data };
  };
  let first = 0;
  for (const [i, part] of parts.entries()) {
    if (part === undefined) continue;
    for (let row = 0; row < inFeatures; row++)
      a.set(part.loraA.data.subarray(row * part.rank, (row + 1) * part.rank), row * rank + first);
    for (let row = 0; row < part.rank; row++)
      for (let column = 0; column < width; column++)
        b[(first + row) * outFeatures + i * width + column] = part.loraB.data[row * width + column]! * part.scaling;
    first += part.rank;
  }
  return {
    kind: "linear",
    loraA: { shape: [inFeatures, rank], data: a },
    loraB: { shape: [rank, outFeatures], data: b },
    ...(isDora && { magnitude: along(({ magnitude }) => magnitude!.data) }),
    ...(given.some(({ bias }) => bias !== undefined) && {
      bias: along(({ bias, scaling }) => bias!.data.map((value) => value * scaling)),
    }),
    rank,
    alpha: rank,
    scaling: 1,
  };
}
