import type { AdaptedEmbedding } from "./adapted-embedding.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import type { AdaptedNorm } from "./adapted-norm.js";

/** Modules of a model by their paths, the linear ones with whether they have a bias. */
export const namedModules = ({ linears, norms, tables, absent }: AdaptedModules) => [
  ...linears.flatMap(({ parts, hasBias }) => parts.map(({ path }) => ({ path, hasBias }))),
  ...[...norms, ...tables].map(({ path }) => ({ path })),
  ...absent.map((path) => ({ path })),
];

/** What of a model adapters can change. */
export interface AdaptedModules {
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  /** Tables whose rows are looked up, that of the words first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that the model's files lack and its vectors do not depend on, such as BERT's pooler. */
  readonly absent: readonly string[];
}
