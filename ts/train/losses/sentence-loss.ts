import { finite, isRecord, listFrom, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../../graph/graph.js";
import { checkTensor, type Tensor } from "../../values/tensor.js";
import {
  batchAllTriplet,
  batchHardSoftMarginTriplet,
  batchHardTriplet,
  batchSemiHardTriplet,
  contrastive,
  onlineContrastive,
  triplet,
} from "./contrastive.js";
import { distillKlDiv, embedDistillation, marginMse, mse } from "./distillation.js";
import { angle, cosent, cosineSimilarity, softmax } from "./labelled-pairs.js";
import { type FixedVectors, type Numbers, only } from "./loss-options.js";
import { times } from "./loss-parts.js";
import {
  type Compute,
  given,
  type LossCall,
  type LossPlan,
  type LossTable,
  planNamed,
  takeColumns,
} from "./loss-plan.js";
import { type Direction, gistEmbed, multipleNegatives } from "./multiple-negatives.js";

/** Losses of `sentenceLoss`. Names of the classes ("CoSENTLoss") and "mnrl", "gist" are understood too. */
export type SentenceLossName =
  | "multiple-negatives-ranking"
  | "cached-multiple-negatives-ranking"
  | "multiple-negatives-symmetric-ranking"
  | "gist-embed"
  | "triplet"
  | "contrastive"
  | "online-contrastive"
  | "cosine-similarity"
  | "cosent"
  | "angle"
  | "softmax"
  | "mse"
  | "embed-distill"
  | "margin-mse"
  | "distill-kl-div"
  | "distillation"
  | "batch-all-triplet"
  | "batch-hard-triplet"
  | "batch-hard-soft-margin-triplet"
  | "batch-semi-hard-triplet"
  | "matryoshka";

/** Options of `sentenceLoss`: what a loss does not use, it rejects. */
export interface SentenceLossOptions {
  /**
   * A number for each row, `[n]`: scores (`cosine-similarity`, `cosent`, `angle`), 0 or 1 (`contrastive`, `online-contrastive`), classes
   * (`softmax` and the batch triplet losses); for `margin-mse` differences of the teacher's scores, `[n]` or `[n, negatives]`, or its
   * scores `[n, 1 + negatives]`; for `distill-kl-div` its scores `[n, 1 + negatives]`.
   */
  readonly labels?: Numbers | undefined;
  /** Another name for `labels`. */
  readonly scores?: Numbers | undefined;
  /** Vectors of the guide model for each column, `[n, d]` each (`gist-embed`). */
  readonly guide?: FixedVectors | readonly FixedVectors[] | undefined;
  /**
   * The teacher's vectors: `[n, width]` for all columns, or a list with those of each (`mse`, `embed-distill`); the teacher's scores as
   * `labels` (`margin-mse`, `distill-kl-div`).
   */
  readonly teacher?: FixedVectors | readonly FixedVectors[] | undefined;
  /**
   * The linear layer of `softmax`, nodes or numbers: weight `[features, labels]`, or as PyTorch has it `[labels, features]`, bias
   * `[labels]`, default none. Features: 3·width, for u, v and |u − v|.
   */
  readonly head?: { readonly weight: NodeId | Numbers; readonly bias?: NodeId | Numbers | undefined } | undefined;
  /** Factor of similarities: default 20 (multiple negatives, `cosent`, `angle`). */
  readonly scale?: number | undefined;
  /** Default "cosine"; for `margin-mse` and `distill-kl-div` "dot". */
  readonly similarityFct?: "cosine" | "dot" | undefined;
  /** What competes with a positive in the multiple negatives losses; default `["query_to_doc"]`. */
  readonly directions?: readonly Direction[] | undefined;
  /** Whether directions share one softmax; default "joint". */
  readonly partitionMode?: "joint" | "per_direction" | undefined;
  /** Which negatives' logits `hardnessStrength` times their similarity is added to; default none. */
  readonly hardnessMode?: "in_batch_negatives" | "hard_negatives" | "all_negatives" | null | undefined;
  /** Default 0. */
  readonly hardnessStrength?: number | undefined;
  /** Divides similarities: default 0.01 (`gist-embed`), 1 (`distill-kl-div`). */
  readonly temperature?: number | undefined;
  /** Default `temperature` (`distill-kl-div`). */
  readonly studentTemperature?: number | undefined;
  /** Default `temperature` (`distill-kl-div`). */
  readonly teacherTemperature?: number | undefined;
  /** Default 0.5 (`contrastive`, `online-contrastive`), 5 (triplet losses), 0 (`gist-embed`). */
  readonly margin?: number | undefined;
  /** `margin` of `triplet`, as sentence-transformers calls it; default 5, for cosines too. */
  readonly tripletMargin?: number | undefined;
  /** Whether `gist-embed`'s margin is subtracted or a share of the similarity; default "absolute". */
  readonly marginStrategy?: "absolute" | "relative" | undefined;
  /** Whether anchors compete with other anchors in `gist-embed`; default true. */
  readonly contrastAnchors?: boolean | undefined;
  /** Whether positives compete with other positives in `gist-embed`; default true. */
  readonly contrastPositives?: boolean | undefined;
  /**
   * Default "cosine" (`contrastive`, `online-contrastive`: 1 − cosine) or "euclidean" (triplet losses). Of `embed-distill`: "cosine"
   * (default), "mse" or "l2".
   */
  readonly distanceMetric?: "euclidean" | "cosine" | "manhattan" | "mse" | "l2" | undefined;
  /** Mean over rows rather than sum (`contrastive`); default true. */
  readonly sizeAverage?: boolean | undefined;
  /** Number of classes of `softmax`; default: as many as the head has. */
  readonly numLabels?: number | undefined;
  /** Whether u and v are features of `softmax`; default true. */
  readonly concatenationSentRep?: boolean | undefined;
  /** Whether |u − v| is; default true. */
  readonly concatenationSentDifference?: boolean | undefined;
  /** Whether u·v, element by element, is; default false. */
  readonly concatenationSentMultiplication?: boolean | undefined;
  /** Dimensions for which a loss is computed, each on the first d elements of the vectors, normalised; the losses are added. */
  readonly matryoshkaDims?: readonly number[] | undefined;
  /** A factor for each of them; default 1. */
  readonly matryoshkaWeights?: readonly number[] | undefined;
  /** The loss that `matryoshka` computes, by name or with its options; default `multiple-negatives-ranking`. */
  readonly inner?:
    | SentenceLossName
    | { readonly name: SentenceLossName; readonly options?: SentenceLossOptions | undefined }
    | undefined;
  /** Texts at a time of the cached losses, which the value does not depend on. */
  readonly miniBatchSize?: number | undefined;
}

const OWN = ["inner", "matryoshkaDims", "matryoshkaWeights", "nDimsPerStep"];

/** Matryoshka: Σ over dimensions d of weight·loss(normalise(first d of each vector)). `planOf` finds the inner loss by its name. */
const matryoshka = (planOf: (what: string, name: unknown) => LossPlan): LossPlan => {
  const outermost: LossPlan = (call) => {
    const { what, graph, width, options } = call;
    const sizes = sizesOf(call);
    only(-1, "all dimensions count in every step")(what, "nDimsPerStep", options["nDimsPerStep"]);
    const { name, ...inner } = innerOf(call);
    const plan = planOf(what, name);
    if (plan === outermost) throw unexpected(what, "inner", "a loss that is computed for each dimension", name);
    const outer = Object.fromEntries(Object.entries(options).filter(([option]) => !OWN.includes(option)));
    const losses = sizes.map(({ size, weight }) => ({
      size,
      weight,
      compute: plan({ ...call, width: size, fullWidth: width, options: { ...outer, ...inner } }),
    }));
    return (columns: readonly NodeId[]) => {
      const parts = losses.map(({ size, weight, compute }) => {
        const cut = columns.map((column) => graph.normalize(graph.slice(column, { dim: 1, end: size })));
        return times(graph, compute(cut), weight);
      });
      return parts.reduce((sum, part) => graph.add(sum, part));
    };
  };
  return outermost;
};

/** The dimensions with their weights, largest first. */
function sizesOf({ what, width, options }: LossCall) {
  const name = "matryoshkaDims";
  const sizes = listFrom(`${what}: ${name} is a list of dimensions`, options[name], (size) =>
    whole(what, name, size, 1, width),
  );
  const given = options["matryoshkaWeights"];
  const weights =
    given === undefined
      ? sizes.map(() => 1)
      : listFrom(`${what}: matryoshkaWeights is a list of numbers`, given, (weight) =>
          finite(what, "matryoshkaWeights", weight),
        );
  if (sizes.length === 0 || weights.length !== sizes.length) {
    const message =
      sizes.length === 0
        ? `${what}: ${name} is a list of at least one dimension`
        : `${what}: expected a weight for each of ${sizes.length} dimensions, got ${weights.length}`;
    throw new ConfigError(message, { op: what, option: name, expected: sizes.length, actual: weights.length });
  }
  return sizes.map((size, place) => ({ size, weight: weights[place]! })).sort((a, b) => b.size - a.size);
}

/** Name and options of the inner loss: a name, `{ name, options }` or `{ name, …options }`. */
function innerOf({ what, options }: LossCall): Readonly<Record<string, unknown>> {
  const inner = options["inner"] ?? "multiple-negatives-ranking";
  if (typeof inner === "string") return { name: inner };
  if (!isRecord(inner)) throw unexpected(what, "inner", "a loss's name, or { name, options }", inner);
  const { options: nested, ...rest } = inner;
  if (nested !== undefined && !isRecord(nested)) throw unexpected(what, "inner.options", "an object", nested);
  return given({ ...rest, ...nested });
}

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
