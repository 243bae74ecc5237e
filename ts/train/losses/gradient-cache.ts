import { listFrom } from "../../arguments/collections.js";
import { checkGraph, type Graph } from "../../graph/graph.js";
import { checkTensor, type Tensor } from "../../values/tensor.js";
import { sentenceLoss } from "./sentence-loss.js";
import type { SentenceLossName, SentenceLossOptions } from "./sentence-loss-options.js";

/**
 * The value of a sentence loss and its gradient with respect to every column's vectors. With it a batch of any size is trained in the
 * memory of a micro-batch (GradCache, arXiv 2101.06983): compute the vectors of all micro-batches without recording, call this, then
 * record each micro-batch again and call `graph.backward(vectors, gradient of its rows)`. The sum of these gradients is the batch's.
 * Variables among the options (the head of `softmax`) get their gradients here.
 *
 * @param columns vectors `[n, width]` of each column
 */
export function cachedSentenceLoss(
  graph: Graph,
  name: SentenceLossName,
  columns: readonly Tensor[],
  options: SentenceLossOptions = {},
): { readonly loss: number; readonly gradients: Tensor[] } {
  const what = "cachedSentenceLoss";
  checkGraph(what, graph);
  const taken = listFrom(`${what}: columns are a list of tensors`, columns, (vectors, place) =>
    checkTensor(`${what}: columns[${place}]`, vectors as Tensor),
  );
  return graph.step(() => {
    const nodes = taken.map((vectors) => graph.variable(vectors));
    const loss = sentenceLoss(graph, name, nodes, options);
    graph.backward(loss);
    const gradients = nodes.map(
      (node) => graph.grad(node) ?? { shape: graph.shape(node), data: new Float32Array(graph.value(node).data.length) },
    );
    return { loss: graph.value(loss).data[0]!, gradients };
  });
}
