import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { type MeasuredRows, textsOf } from "./pair-quality.js";
import { type PairRow, promptedText } from "./read-pairs.js";
import type { VectorsOf } from "./search-quality.js";

/** Progress and cancellation: `onProgress` gets the texts done, and all. */
export interface VectorEvents {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Vectors of the texts of rows, as `encode` makes them with the prompts of the rows. */
export class TextVectors {
  constructor(private readonly encoder: SentenceEncoder) {}

  /** Number of texts that are encoded. */
  count(rows: MeasuredRows): number {
    return textsOf(rows).length;
  }

  /** Encodes each text once. @param adapter null for the base alone */
  async of(rows: MeasuredRows, adapter: ModelAdapter | null, { signal, onProgress }: VectorEvents): Promise<VectorsOf> {
    const { graph, tokenizer, layout } = this.encoder;
    const texts = textsOf(rows);
    const ids = tokenized(tokenizer, texts);
    const finish = rowsOf(graph, (pooled) => (layout.normalize ? graph.normalize(pooled) : pooled));
    const vectors = await inferTexts(this.encoder, ids, adapter, finish, {
      signal,
      ...(onProgress && { onProgress: (done: number) => onProgress(done, texts.length) }),
    });
    const places = new Map(texts.map((text, i) => [text, vectors[i]!]));
    const [row] = rows.measured as [PairRow];
    return (text, isQuery = false) => places.get(promptedText(row, text, isQuery))!;
  }
}
