import type { AdaptedEmbedding } from "./adapted-embedding.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import type { AdaptedNorm } from "./adapted-norm.js";

/** What of a model adapters can change. */
export interface AdaptedModules {
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  /** Tables whose rows are looked up, that of the words first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that the model's files lack and its vectors do not depend on, such as BERT's pooler. */
  readonly absent: readonly string[];
}
