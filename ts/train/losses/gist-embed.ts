import { or } from "../../arguments/options.js";
import { finite, positive } from "../../arguments/settings.js";
import type { NodeId } from "../../graph/graph.js";
import { checkColumns, fixedVectors, type LossPlan } from "./loss-plan.js";
import { flagOr, oneDevice, readLossOptions, unused, word } from "./loss-options.js";
import { COSINE, DROPPED, products, times, upTo, valuesOf } from "./loss-parts.js";
import { filled } from "./multiple-negatives.js";

const readers = {
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
  const { temperature, marginStrategy, margin, contrastAnchors, contrastPositives } = readLossOptions(call, readers, [
    "guide",
  ]);
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
