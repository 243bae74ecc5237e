import { isRecord, listFrom } from "../../arguments/collections.js";
import { checkGraph, type Graph, type NodeId } from "../../graph/graph.js";
import { checkTensor, type Tensor } from "../../values/tensor.js";
import {
  batchAllTriplet,
  batchHardSoftMarginTriplet,
  batchHardTriplet,
  batchSemiHardTriplet,
} from "./batch-triplets.js";
import { takeColumns } from "./columns.js";
import { contrastive, onlineContrastive, triplet } from "./contrastive.js";
import { distillKlDiv, embedDistillation, marginMse, mse } from "./distillation.js";
import { gistEmbed } from "./gist-embed.js";
import { type Compute, type LossCall, type LossPlan, type LossTable, planNamed } from "./loss-plan.js";
import { given, matryoshka } from "./matryoshka.js";
import { multipleNegatives } from "./multiple-negatives.js";
import { angle, cosent, cosineSimilarity } from "./pair-scores.js";
import type { SentenceLossName, SentenceLossOptions } from "./sentence-loss-options.js";
import { softmax } from "./softmax.js";

const WHAT = "sentenceLoss";

const byName = (what: string, name: unknown): LossPlan => planNamed(what, table, name);

/** MSE for one or two columns or with a teacher's vector of each text, MarginMSE for a query with candidates and their scores. */
const distillation: LossPlan = (call) => {
  const { teacher } = call.options;
  const isOfTexts = isRecord(teacher) && Array.isArray(teacher["shape"]) && teacher["shape"].length === 3;
  return (call.columns < 3 || isOfTexts ? mse : marginMse)(call);
};

const table: Readonly<Record<SentenceLossName, LossTable[string]>> = {
  "multiple-negatives-ranking": { plan: multipleNegatives(false), aliases: ["mnrl", "info-nce"] },
  "cached-multiple-negatives-ranking": { plan: multipleNegatives(false), aliases: ["cached-mnrl"] },
  "multiple-negatives-symmetric-ranking": {
    plan: multipleNegatives(true),
    aliases: ["mnrl-symmetric", "cached-multiple-negatives-symmetric-ranking"],
  },
  "gist-embed": { plan: gistEmbed, aliases: ["gist", "cached-gist-embed"] },
  triplet: { plan: triplet },
  contrastive: { plan: contrastive },
  "online-contrastive": { plan: onlineContrastive },
  "cosine-similarity": { plan: cosineSimilarity },
  cosent: { plan: cosent },
  angle: { plan: angle },
  softmax: { plan: softmax },
  mse: { plan: mse },
  "embed-distill": { plan: embedDistillation },
  "margin-mse": { plan: marginMse },
  "distill-kl-div": { plan: distillKlDiv },
  distillation: { plan: distillation },
  "batch-all-triplet": { plan: batchAllTriplet },
  "batch-hard-triplet": { plan: batchHardTriplet },
  "batch-hard-soft-margin-triplet": { plan: batchHardSoftMarginTriplet },
  "batch-semi-hard-triplet": { plan: batchSemiHardTriplet },
  matryoshka: { plan: matryoshka(byName) },
};

/**
 * Records a loss of sentence vectors, as sentence-transformers computes it, and returns its node, a scalar. `docs/sentence-losses.md`
 * has the formulas.
 *
 * @param name the name of sentence-transformers' class, in kebab case and without "Loss"
 * @param columns the vectors of each column of texts, nodes `[n, width]`, not normalised: query, positive, negatives…; two texts; anchor,
 *   positive, negative; or one text, as the loss needs them
 * @param options options of the class in camel case, and the data of the batch. With `matryoshkaDims`, any loss is computed for these
 *   dimensions.
 * Throws `ConfigError` for unknown names and options and for wrong values, `ShapeError` for wrong shapes, before anything is computed.
 */
export function sentenceLoss(
  graph: Graph,
  name: SentenceLossName,
  columns: readonly NodeId[],
  options: SentenceLossOptions = {},
): NodeId {
  checkGraph(WHAT, graph);
  const { ids, call } = takeColumns(WHAT, graph, columns, options);
  return planOf(name, call)(ids);
}

/** Throws as `sentenceLoss` for so many columns of this shape, without computing anything. */
export function checkSentenceLoss(
  graph: Graph,
  name: SentenceLossName,
  { columns, rows, width }: { readonly columns: number; readonly rows: number; readonly width: number },
  options: SentenceLossOptions,
): void {
  planOf(name, { what: WHAT, graph, columns, rows, width, fullWidth: width, options: given({ ...options }) });
}

function planOf(name: SentenceLossName, call: LossCall): Compute {
  const plan = byName(WHAT, name);
  const wrapped = call.options["matryoshkaDims"] !== undefined && plan !== table.matryoshka.plan;
  if (!wrapped) return plan(call);
  const { inner: _, matryoshkaDims, matryoshkaWeights, ...own } = call.options;
  const outer = given({ matryoshkaDims, matryoshkaWeights, inner: { name, options: own } });
  return table.matryoshka.plan({ ...call, options: outer });
}

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
