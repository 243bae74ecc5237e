import { or } from "../../arguments/options.js";
import { positive } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { exp } from "../../values/elementary.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";
import { fixedVectors, numbersPerRow, only, readLossOptions, similarity, word } from "./loss-options.js";
import { COSINE, constant, hostLogSoftmax, root, rowSimilarity, times } from "./loss-parts.js";

const metric = (fallback: "mse" | "l2" | "cosine") => word(fallback, { mse: "", l2: "", cosine: "" });
const noProjection = only(null, "a projection is a layer of your own");

/** Distance of each column from the teacher's vectors, and the mean over columns. */
function embedDistill(call: LossCall, kind: "mse" | "l2" | "cosine") {
  checkColumns(call, "texts", 1, Infinity);
  const { graph, rows, width, fullWidth, options } = call;
  const widths = width === fullWidth ? [width] : [width, fullWidth];
  const teacher = fixedVectors(call, "teacher", options["teacher"] ?? labelsOf(call), widths).map((vectors) => {
    if (vectors.shape[1] === width) return vectors;
    // Under matryoshka the teacher's vectors are cut too, and not normalised.
    const data = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      data.set(vectors.data.subarray(row * fullWidth, row * fullWidth + width), row * width);
    }
    return { shape: [rows, width], data };
  });
  return (columns: readonly NodeId[]) => {
    const losses = columns.map((column, place) => {
      const target = graph.constant(teacher[place]!);
      if (kind === "mse") return graph.mseLoss(column, target);
      if (kind === "cosine") {
        const similarities = rowSimilarity(graph, column, target, "cosine", COSINE);
        return graph.sub(constant(graph, [], [1]), graph.mean(similarities));
      }
      return graph.mean(root(graph, graph.sum(graph.square(graph.sub(column, target)), { dim: 1 })));
    });
    return meanOf(graph, losses);
  };
}

/** MSE: mean (u − teacher)². */
export const mse: LossPlan = (call) => {
  readLossOptions(call, { projectionDim: noProjection }, ["teacher"]);
  return embedDistill(call, "mse");
};

/** EmbedDistill: the mean distance from the teacher's vectors, by default 1 − cosine. */
export const embedDistillation: LossPlan = (call) => {
  const readers = { distanceMetric: metric("cosine"), projectionDim: noProjection };
  return embedDistill(call, readLossOptions(call, readers, ["teacher"]).distanceMetric);
};

/** MarginMSE: mean (s(query, positive) − s(query, negative) − y)², s the dot product. */
export const marginMse: LossPlan = (call) => {
  const { similarityFct } = readLossOptions(call, { similarityFct: similarity("dot") }, ["teacher"]);
  checkColumns(call, "query, positive, negatives…", 3, Infinity);
  const { graph, rows, columns } = call;
  const margins = marginsOf(call, columns - 2);
  return ([query, ...candidates]) => {
    const scores = candidates.map((candidate) => rowSimilarity(graph, query!, candidate, similarityFct));
    return marginLoss(graph, scores, rows, margins);
  };
};

/** What a margin must be, `[rows, negatives]`: as given, or the differences of the scores `[positive, negatives…]`. */
export function marginsOf(call: LossCall, negatives: number): number[] {
  const { what, rows, options } = call;
  const given = options["teacher"] ?? labelsOf(call);
  const { columns, data } = numbersPerRow(what, "labels", given, rows, [negatives, negatives + 1]);
  if (columns === negatives) return [...data];
  return Array.from({ length: rows * negatives }, (_, place) => {
    const row = Math.floor(place / negatives);
    return data[row * columns]! - data[row * columns + 1 + (place % negatives)]!;
  });
}

/** mean (positive − negative − margin)² of scores `[rows]`, the positives' first. */
export function marginLoss(
  graph: Graph,
  [positives, ...negatives]: readonly NodeId[],
  rows: number,
  margins: readonly number[],
): NodeId {
  const differences = negatives.map((scores) => graph.reshape(graph.sub(positives!, scores), [rows, 1]));
  const joined = differences.length === 1 ? differences[0]! : graph.concat(differences, 1);
  return graph.mseLoss(joined, constant(graph, [rows, negatives.length], margins));
}

/** DistillKLDiv: KL divergence from the teacher's softmax over the candidates to the student's, times the student's temperature². */
export const distillKlDiv: LossPlan = (call) => {
  const { similarityFct, temperature, ...given } = readLossOptions(
    call,
    {
      similarityFct: similarity("dot"),
      temperature: or(1, positive),
      studentTemperature: or<number | undefined, []>(undefined, positive),
      teacherTemperature: or<number | undefined, []>(undefined, positive),
    },
    ["teacher"],
  );
  checkColumns(call, "query, positive, negatives…", 3, Infinity);
  const { graph, what, rows, columns, options } = call;
  const ways = columns - 1;
  const student = given.studentTemperature ?? temperature;
  const { data } = numbersPerRow(what, "labels", options["teacher"] ?? labelsOf(call), rows, [ways]);
  const wanted = Array.from({ length: rows }, (_, row) =>
    hostLogSoftmax(data.slice(row * ways, (row + 1) * ways).map((y) => y / (given.teacherTemperature ?? temperature))),
  ).flat();
  return ([query, ...candidates]) => {
    const scores = candidates.map((each) =>
      graph.reshape(rowSimilarity(graph, query!, each, similarityFct), [rows, 1]),
    );
    const logs = graph.logSoftmax(times(graph, graph.concat(scores, 1), 1 / student));
    const shape = [rows, ways];
    const probabilities = constant(graph, shape, wanted.map(exp));
    const terms = graph.mul(probabilities, graph.sub(constant(graph, shape, wanted), logs));
    return times(graph, graph.sum(terms), (student * student) / rows);
  };
};

/** The mean of some scalars. */
function meanOf(graph: Graph, losses: readonly NodeId[]): NodeId {
  const sum = losses.reduce((total, loss) => graph.add(total, loss));
  return times(graph, sum, 1 / losses.length);
}
