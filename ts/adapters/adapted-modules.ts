import type { AdaptedEmbedding } from "./adapted-embedding.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import type { AdaptedNorm } from "./adapted-norm.js";
import type { OutputLayer } from "./output-layer.js";

/** Modules of a model by their paths, the linear ones with whether they have a bias. */
export const namedModules = ({ linears, norms, tables, absent }: AdaptedModules) => [
  ...linears.flatMap(({ parts, hasBias }) => parts.map(({ path }) => ({ path, hasBias }))),
  ...[...norms, ...tables].map(({ path }) => ({ path })),
  ...absent.map((path) => ({ path })),
];

/** What of a model adapters can change. */
export interface AdaptedModules {
  readonly linears: readonly AdaptedLinear[];
  /** The one of them that gives a language model's logits, which "all-linear" leaves out; undefined for encoders. */
  readonly output?: OutputLayer | undefined;
  readonly norms: readonly AdaptedNorm[];
  /** Tables whose rows are looked up, that of the words first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that the model's files lack and its vectors do not depend on, such as BERT's pooler. */
  readonly absent: readonly string[];
}
