import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import type { Graph, NodeId } from "../graph/graph.js";

/** How a forward pass is recorded. */
export interface ForwardOptions {
  /**
   * Keep each layer's result alone and compute the layer again for its gradient (`Graph.checkpoint`): the same bits in less
   * memory and more time. Default false.
   */
  readonly checkpointing?: boolean | undefined;
}

/** The options with their defaults. Throws `ConfigError` for what makes no sense. */
export function takeForwardOptions(what: string, options: ForwardOptions): { readonly checkpointing: boolean } {
  checkOptions(what, options, ["checkpointing"]);
  return { checkpointing: flag(what, "checkpointing", options.checkpointing ?? false) };
}

/** Records a part of a forward pass as the options say. */
export function part(
  graph: Graph,
  { checkpointing = false }: ForwardOptions,
  inputs: readonly NodeId[],
  body: (...inputs: NodeId[]) => NodeId,
): NodeId {
  return checkpointing ? graph.checkpoint(body, inputs) : body(...inputs);
}
