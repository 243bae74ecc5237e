import type { AdapterSelection } from "../../../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import type { Decoder } from "../../decoder/decoder.js";
import { rowsAtOnce } from "../../decoder/memory.js";
import type { TrainingTokens } from "./training-examples.js";

/** Rows of hidden states with a target, and the targets. */
export interface Targets {
  readonly rows: Int32Array;
  readonly ids: Int32Array;
}

/** The targets of a batch's examples, each at the row of the token before it. */
export function targetsOf(examples: readonly TrainingTokens[], offsets: Int32Array): Targets {
  const rows = examples.flatMap(({ targets }, i) => targets.map((target) => offsets[i]! + target - 1));
  const ids = examples.flatMap((example) => example.targets.map((target) => example.ids[target]!));
  return { rows: Int32Array.from(rows), ids: Int32Array.from(ids) };
}

/**
 * Sum of the cross entropies of the targets. Rows without a target are skipped. Logits are computed in chunks, and recomputed for their
 * gradient if there are several, so they are never in memory as a whole.
 */
export function completionLoss(
  graph: Graph,
  model: Decoder,
  hidden: NodeId,
  { rows, ids }: Targets,
  selection: AdapterSelection,
): NodeId {
  const chosen = graph.embedding(hidden, rows);
  const most = rowsAtOnce(model.config);
  const piece = (start: number, end: number, x: NodeId) => {
    const whole = start === 0 && end === rows.length;
    const part = whole ? x : graph.slice(x, { dim: 0, start, end });
    return graph.crossEntropy(model.logits(part, selection), ids.subarray(start, end), { reduction: "sum" });
  };
  if (rows.length <= most) return piece(0, rows.length, chosen);
  let total: NodeId | null = null;
  for (let start = 0; start < rows.length; start += most) {
    const end = Math.min(start + most, rows.length);
    const loss = graph.checkpoint((x: NodeId) => piece(start, end, x), [chosen]);
    total = total === null ? loss : graph.add(total, loss);
  }
  return total!;
}
