import { or } from "../../arguments/options.js";
import { finite, listFrom, nonNegative, oneOf, positive } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { fixedVectors, flagOr, oneDevice, readLossOptions, similarity, unused, word } from "./loss-options.js";
import { constant, COSINE, DROPPED, products, times, upTo, valuesOf } from "./loss-parts.js";
import { checkColumns, type LossPlan } from "./loss-plan.js";

/** Which texts of the batch are scored against which. */
export type Direction = "query_to_doc" | "query_to_query" | "doc_to_query" | "doc_to_doc";
const DIRECTIONS: readonly Direction[] = ["query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"];

const readers = (symmetric: boolean) => ({
  scale: or(20, positive),
  similarityFct: similarity("cosine"),
  directions: or<Direction[], []>(
    symmetric ? ["query_to_doc", "doc_to_query"] : ["query_to_doc"],
    (what, name, value) =>
      listFrom(`${what}: ${name} is a list of directions`, value, (each) =>
        oneOf(what, name, typeof each === "string" ? each.toLowerCase().replaceAll("-", "_") : each, DIRECTIONS),
      ),
  ),
  partitionMode: word(symmetric ? "per_direction" : "joint", { joint: "", per_direction: "" }),
  hardnessMode: word("none", { none: "", in_batch_negatives: "", hard_negatives: "", all_negatives: "" }),
  hardnessStrength: or(0, nonNegative),
  gatherAcrossDevices: oneDevice,
  miniBatchSize: unused,
  miniBatchNumTokens: unused,
  showProgressBar: unused,
});

/**
 * Multiple negatives ranking (InfoNCE): columns query, positive, negatives…; every positive and negative of the batch is a candidate of
 * each query. `symmetric` are the defaults of the deprecated class of that name.
 */
export const multipleNegatives =
  (symmetric: boolean): LossPlan =>
  (call) => {
    const { scale, similarityFct, directions, partitionMode, hardnessMode, hardnessStrength } = readLossOptions(
      call,
      readers(symmetric),
    );
    checkColumns(call, "query, positive, negatives…", 2, Infinity);
    checkDirections(call.what, directions, partitionMode);
    const { graph, rows, columns } = call;
    const candidates = rows * (columns - 1);
    const own = (row: number, doc: number) => doc % rows === row;

    /** Scores by direction, row i of each for pair i; the positive is in column i. */
    const matrixOf = (direction: Direction, queries: NodeId, positives: NodeId, docs: NodeId): NodeId => {
      if (direction === "query_to_doc") {
        const scores = products(graph, queries, docs);
        if (hardnessMode === "none" || hardnessStrength === 0) return times(graph, scores, scale);
        const isHard = (row: number, doc: number) => {
          if (doc < rows) return hardnessMode !== "hard_negatives" && doc !== row;
          return own(row, doc) ? hardnessMode !== "in_batch_negatives" : hardnessMode !== "hard_negatives";
        };
        const values = valuesOf(graph, scores);
        const penalty = (row: number, doc: number) =>
          isHard(row, doc) ? hardnessStrength * values[row * candidates + doc]! : 0;
        return graph.add(times(graph, scores, scale), filled(graph, rows, candidates, penalty));
      }
      if (direction === "doc_to_query") return times(graph, products(graph, positives, queries), scale);
      const [scores, width] =
        direction === "query_to_query"
          ? [products(graph, queries, queries), rows]
          : [products(graph, positives, docs), candidates];
      const mask = filled(graph, rows, width, (row, other) => (own(row, other) ? DROPPED : 0));
      return graph.add(times(graph, scores, scale), mask);
    };

    return (given) => {
      const [queries, ...docs] = similarityFct === "dot" ? given : given.map((column) => graph.normalize(column));
      const all = docs.length === 1 ? docs[0]! : graph.concat(docs, 0);
      const matrices = DIRECTIONS.filter((direction) => directions.includes(direction)).map((direction) =>
        matrixOf(direction, queries!, docs[0]!, all),
      );
      const targets = upTo(rows);
      if (partitionMode === "joint") {
        return graph.crossEntropy(matrices.length === 1 ? matrices[0]! : graph.concat(matrices, 1), targets);
      }
      const losses = matrices.map((matrix) => graph.crossEntropy(matrix, targets));
      return times(
        graph,
        losses.reduce((sum, loss) => graph.add(sum, loss)),
        1 / losses.length,
      );
    };
  };

/** A constant matrix. */
export function filled(
  graph: Graph,
  rows: number,
  columns: number,
  element: (row: number, column: number) => number,
): NodeId {
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = element(i, j);
  return constant(graph, [rows, columns], data);
}

function checkDirections(what: string, directions: readonly Direction[], mode: "joint" | "per_direction"): void {
  const details = { op: what, option: "directions", value: directions, allowed: DIRECTIONS };
  if (!directions.includes("query_to_doc")) {
    throw new ConfigError(`${what}: directions must include "query_to_doc", which contains the positive`, details);
  }
  const without = directions.find((direction) => direction === "query_to_query" || direction === "doc_to_doc");
  if (mode === "joint" || without === undefined) return;
  const message = `${what}: "${without}" has no positive to compare with; with it partitionMode must be "joint"`;
  throw new ConfigError(message, details);
}

const gistReaders = {
  temperature: or(0.01, positive),
  marginStrategy: word("absolute", { absolute: "", relative: "" }),
  margin: or(0, finite),
  contrastAnchors: flagOr(true),
  contrastPositives: flagOr(true),
  gatherAcrossDevices: oneDevice,
  miniBatchSize: unused,
  miniBatchNumTokens: unused,
  showProgressBar: unused,
};

/**
 * GISTEmbed: multiple negatives ranking where a guide model drops candidates that it finds closer to the query than its positive. Columns
 * anchor, positive, negatives…
 */
export const gistEmbed: LossPlan = (call) => {
  const { temperature, marginStrategy, margin, contrastAnchors, contrastPositives } = readLossOptions(
    call,
    gistReaders,
    ["guide"],
  );
  checkColumns(call, "anchor, positive, negatives…", 2, Infinity);
  const guide = fixedVectors(call, "guide", call.options["guide"]);
  const { graph, rows, columns } = call;
  // Blocks of scores: which column against which.
  const blocks: [number, number][] = [[0, 1]];
  if (contrastAnchors) blocks.push([0, 0]);
  if (contrastPositives) blocks.push([1, 1]);
  for (let negative = 2; negative < columns; negative++) blocks.push([0, negative]);

  return (given) => {
    const unit = given.map((column) => graph.normalize(column, { eps: COSINE }));
    const guided = guide.map((vectors) => graph.normalize(graph.constant(vectors), { eps: COSINE }));
    const score = (of: readonly NodeId[], [a, b]: [number, number]) => products(graph, of[a]!, of[b]!);
    const positives = valuesOf(graph, score(guided, [0, 1]));
    const limits = upTo(rows).map((row) => {
      const own = positives[row * rows + row]!;
      return own - margin * (marginStrategy === "relative" ? Math.abs(own) : 1);
    });
    const scores = blocks.map((block, place) => {
      const seen = place === 0 ? positives : valuesOf(graph, score(guided, block));
      const isOwn = (row: number, other: number) => place === 0 && row === other;
      const mask = filled(graph, rows, rows, (row, other) =>
        seen[row * rows + other]! > limits[row]! && !isOwn(row, other) ? DROPPED : 0,
      );
      return graph.add(times(graph, score(unit, block), 1 / temperature), mask);
    });
    return graph.crossEntropy(scores.length === 1 ? scores[0]! : graph.concat(scores, 1), upTo(rows));
  };
};
