import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import type { Graph, NodeId } from "../graph/graph.js";

/** Options of a forward pass. */
export interface ForwardOptions {
  /**
   * Keep only each layer's result and recompute the layer for its gradient (`Graph.checkpoint`): the same bits with less memory and more
   * time. Default false.
   */
  readonly checkpointing?: boolean | undefined;
}

/** The options with their defaults. Throws `ConfigError` for invalid ones. */
export function takeForwardOptions(what: string, options: ForwardOptions): { readonly checkpointing: boolean } {
  checkOptions(what, options, ["checkpointing"]);
  return { checkpointing: flag(what, "checkpointing", options.checkpointing ?? false) };
}

/** Records a segment of a forward pass according to the options. */
export function part(
  graph: Graph,
  { checkpointing = false }: ForwardOptions,
  inputs: readonly NodeId[],
  body: (...inputs: NodeId[]) => NodeId,
): NodeId {
  return checkpointing ? graph.checkpoint(body, inputs) : body(...inputs);
}
