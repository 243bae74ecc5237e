import type { NodeId } from "../../graph/graph.js";
import type { Numbers } from "./host-numbers.js";
import type { FixedVectors } from "./loss-plan.js";
import type { Direction } from "./multiple-negatives.js";

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
