import type { Graph, NodeId } from "../graph/graph.js";
import type { AppliedAdapter } from "./adapter-parts.js";
import type { ModelAdapter } from "./model-adapter.js";

/** The part of an adapter that is trained, while the rest is constant. */
export interface TrainedPart {
  readonly graph: Graph;
  /** Its trained layers, by module path. */
  readonly layers: AppliedAdapter["layers"];
  /** Its trained tensors that replace the base's, by the base's names. */
  readonly whole: AppliedAdapter["whole"];
  /** The trained parameters, in the adapter's order. */
  params(): NodeId[];
  /** The whole adapter in a step of the graph; the rest of it is constant. */
  applied(): AppliedAdapter;
}

/**
 * The part of an adapter that changes certain modules. Rows of tables are never in it.
 * @param isTrained whether a module is one of them, by its path
 */
export function trainedPart(adapter: ModelAdapter, isTrained: (path: string) => boolean): TrainedPart {
  const { place } = adapter.snapshot();
  const only = <T>(own: ReadonlyMap<string, T>) => new Map([...own].filter(([path]) => isTrained(path)));
  const others = new Set(
    [...adapter.layers].flatMap(([path, { loraA, loraB, magnitude, bias }]) =>
      isTrained(path) ? [] : [loraA, loraB, magnitude, bias],
    ),
  );
  for (const [name, { node }] of adapter.whole) if (!isTrained(name)) others.add(node);
  for (const { rows } of adapter.tokens.values()) others.add(rows);
  return {
    graph: adapter.graph,
    layers: only(adapter.layers),
    whole: only(adapter.whole),
    params: () => adapter.params().filter((id) => !others.has(id)),
    applied() {
      const { config, layers, whole, tokens } = place();
      return {
        config,
        tokens,
        layers: new Map([...layers, ...only(adapter.layers)]),
        whole: new Map([...whole, ...only(adapter.whole)]),
      };
    },
  };
}
