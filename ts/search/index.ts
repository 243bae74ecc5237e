export { quantizeVectors } from "./quantize-vectors.js";
export type { VectorPrecision } from "./quantize-vectors.js";
export type { VectorId } from "./id-texts.js";
export type { IndexFileSource, Similarity } from "./index-file.js";
export type { VectorRanges } from "./ranges.js";
export type { IndexFormat } from "./row-format.js";
export { SearchIndex } from "./search-index.js";
export type { SearchHit, SearchIndexOptions, SearchOptions } from "./search-index.js";
export type { Vectors } from "./vector-list.js";
