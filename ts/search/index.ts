export { quantizeVectors, type VectorPrecision, type VectorRanges } from "./quantize-vectors.js";
export type { VectorId } from "./id-table.js";
export type { IndexFileSource, Similarity } from "./index-file.js";
export type { IndexFormat } from "./row-format.js";
export { SearchIndex } from "./search-index.js";
export type { SearchHit, SearchIndexOptions, SearchOptions } from "./search-index.js";
export type { Vectors } from "./vector-list.js";
