import type { AdaptedEmbedding } from "./adapted-embedding.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import type { AdaptedNorm } from "./adapted-norm.js";
import type { OutputLayer } from "./output-layer.js";

/** Modules of a model by path; for linear ones, whether they have a bias. */
export const namedModules = ({ linears, norms, tables, absent }: AdaptedModules) => [
  ...linears.flatMap(({ parts, hasBias }) => parts.map(({ path }) => ({ path, hasBias }))),
  ...[...norms, ...tables].map(({ path }) => ({ path })),
  ...absent.map((path) => ({ path })),
];

/** The modules of a model that adapters can change. */
export interface AdaptedModules {
  readonly linears: readonly AdaptedLinear[];
  /** The one that computes a language model's logits, which "all-linear" leaves out; undefined for encoders. */
  readonly output?: OutputLayer | undefined;
  readonly norms: readonly AdaptedNorm[];
  /** Embedding tables, the word embeddings first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that are not in the model's files and do not affect its vectors, such as BERT's pooler. */
  readonly absent: readonly string[];
}
