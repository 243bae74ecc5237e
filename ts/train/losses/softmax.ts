import { optional } from "../../arguments/options.js";
import { isRecord } from "../../arguments/collections.js";
import { unexpected, whole } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { formatShape, sameShape } from "../../values/shape.js";
import { hostNumbers, numberPerRow } from "./host-numbers.js";
import { flagOr, readLossOptions, unused } from "./loss-options.js";
import { constant } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";

/** Softmax (NLI): cross entropy of Linear(u, v, |u − v|, u·v), of these parts those that the options keep. */
export const softmax: LossPlan = (call) => {
  const options = readLossOptions(
    call,
    {
      numLabels: optional((what, name, value: unknown) => whole(what, name, value, 1)),
      embeddingDimension: unused,
      concatenationSentRep: flagOr(true),
      concatenationSentDifference: flagOr(true),
      concatenationSentMultiplication: flagOr(false),
    },
    ["head"],
  );
  checkColumns(call, "text, text", 2);
  const { graph, what, rows, width } = call;
  const parts =
    (options.concatenationSentRep ? 2 : 0) +
    (options.concatenationSentDifference ? 1 : 0) +
    (options.concatenationSentMultiplication ? 1 : 0);
  const head = headOf(call, parts * width, options.numLabels);
  const labels = numberPerRow(what, "labels", labelsOf(call), rows).map((label, row) =>
    whole(what, `labels[${row}]`, label, 0, head.labels - 1),
  );
  return ([u, v]) => {
    const features: NodeId[] = [];
    if (options.concatenationSentRep) features.push(u!, v!);
    if (options.concatenationSentDifference) features.push(graph.abs(graph.sub(u!, v!)));
    if (options.concatenationSentMultiplication) features.push(graph.mul(u!, v!));
    const joined = features.length === 1 ? features[0]! : graph.concat(features, 1);
    return graph.crossEntropy(head.logits(joined), labels);
  };
};

/** The linear layer in the option `head`: `{ weight, bias }`, nodes or numbers, weight `[features, labels]` or `[labels, features]`. */
function headOf({ what, graph, options }: LossCall, features: number, numLabels: number | undefined) {
  const given = options["head"];
  const weight = isRecord(given) ? given["weight"] : undefined;
  if (!isRecord(given) || weight === undefined) {
    throw unexpected(what, "head", "{ weight, bias }, the linear layer that this loss trains", given);
  }
  const bias = given["bias"] ?? undefined;
  const [w, b] = [layerPart(what, graph, "head.weight", weight), layerPart(what, graph, "head.bias", bias)];
  const { shape } = w!;
  const labels = numLabels ?? (shape[0] === features ? shape[1] : shape[0])!;
  const isOurs = sameShape(shape, [features, labels]);
  if (features === 0 || (!isOurs && !sameShape(shape, [labels, features]))) {
    const count = numLabels ?? "labels";
    const expected = `[${features}, ${count}] or [${count}, ${features}]`;
    const message = `${what}: head.weight must be ${expected}, got ${formatShape(shape)}`;
    throw new ShapeError(message, { op: what, option: "head", expected, actual: shape });
  }
  const biasShape = b?.shape ?? [labels];
  if (!sameShape(biasShape, [labels])) {
    const message = `${what}: head.bias must be [${labels}], got ${formatShape(biasShape)}`;
    throw new ShapeError(message, { op: what, option: "head", expected: [labels], actual: biasShape });
  }
  return {
    labels,
    logits(x: NodeId): NodeId {
      const product = graph.matmul(x, w!.node(), { transposeB: !isOurs });
      return b === undefined ? product : graph.add(product, b.node());
    },
  };
}

/** A node or numbers, read once; undefined for none. */
function layerPart(what: string, graph: Graph, name: string, given: unknown) {
  if (given === undefined) return undefined;
  if (typeof given === "number") return { shape: graph.shape(given as NodeId), node: () => given as NodeId };
  const { shape, data } = hostNumbers(what, name, given);
  return { shape, node: () => constant(graph, shape, data) };
}
