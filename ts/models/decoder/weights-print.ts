import type { Graph, NodeId } from "../../graph/graph.js";
import { Fingerprint } from "../../io/fingerprint.js";
import { keptLength } from "../../ops/product/frozen-weight.js";
import type { Decoder } from "./decoder.js";

/** Bytes that are copied at a time. */
const PIECE = 1 << 20;

/** A fingerprint of the weights' bits that keys and values depend on, as they are in memory. Half a millisecond for a megabyte. */
export function weightsPrint(model: Decoder): string {
  const print = new Fingerprint();
  for (const id of model.hiddenWeights()) addWeight(print, model.graph, id);
  return print.toString();
}

function addWeight(print: Fingerprint, graph: Graph, id: NodeId): void {
  const { frozen } = graph.node(id);
  // A vector; or a matrix in panels, whose order depends on the register tile.
  if (frozen === undefined || frozen.pointer === 0) return graph.view(id, (values) => void print.add(values));
  const { format, transposed, inFeatures, outFeatures, pointer } = frozen;
  const [rows, width] = transposed === 1 ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
  const length = keptLength(graph.engine.kernels, format, rows, width);
  for (let start = 0; start < length; start += PIECE)
    print.add(graph.engine.readBytes(pointer + start, Math.min(PIECE, length - start)));
}
