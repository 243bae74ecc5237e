import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../values/shape.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { breather, inSteps, nextTask } from "../../waiting/next-task.js";
import type { AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import type { TransformerModel } from "../architecture.js";
import type { CallAdapters } from "../../adapters/call-adapters.js";
import { type RaggedBatch, raggedBatch, tokenBatches } from "../ragged-batch.js";
import { pooledBy, type PoolingParts } from "./pooling.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { inferring } from "../../graph/inferring.js";

/** Tokens of one inference batch: larger batches are no faster and take proportionally more memory. */
export const INFERENCE_TOKENS = 512;

/** What is needed to run texts. */
export interface InferenceParts<T = Int32Array> extends PoolingParts {
  readonly model: TransformerModel;
  readonly adapterSet: AdapterSet;
  /** Makes a batch of some texts; default `raggedBatch`. */
  readonly batchOf?: (texts: readonly T[]) => RaggedBatch;
}

/** Progress, cancellation, and rounding of a call. */
export interface InferenceEvents {
  /** Whether inputs of products with grouped weights are rounded to bytes; default false. */
  readonly rounded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Begins, within a step, to read one row for each text of a batch from pooled vectors `[count, hidden]`: texts `first` to `first + count`. */
export type ReadRows = (pooled: NodeId, first: number, count: number) => Promise<Float32Array[]>;

/**
 * Runs texts batch by batch without gradients. Within a batch, texts are grouped by adapter; results are in the texts' own order.
 *
 * @param texts token ids of each text, requested batch by batch; null where other tasks may run before the next
 * @param choice the adapter of all texts, or one for each text
 * @param skip number of leading tokens of every text that are not pooled (a prompt's)
 */
export async function inferTexts<T extends { readonly length: number } = Int32Array>(
  parts: InferenceParts<T>,
  texts: Iterable<T | null>,
  choice: AdapterChoice | readonly AdapterChoice[],
  read: ReadRows,
  { signal, onProgress, rounded = false }: InferenceEvents,
  skip = 0,
): Promise<Float32Array[]> {
  return parts.adapterSet.during(choice, async (adapters) => {
    const rows: Float32Array[] = [];
    const pause = breather(signal);
    for (const batch of tokenBatches(texts, INFERENCE_TOKENS)) {
      if (batch === null) {
        const waiting = pause();
        if (waiting !== undefined) await waiting;
        continue;
      }
      throwIfAborted(signal);
      const infer = () => inferBatch(parts, batch, rows.length, adapters, read, skip);
      for (const row of await parts.graph.withRounding(rounded, infer)) rows.push(row);
      onProgress?.(rows.length);
      await nextTask();
    }
    return rows;
  });
}

/** Rows of `finish(pooled)`. Throws `ShapeError` if it does not return one row for each text. */
export function rowsOf(graph: Graph, finish: (pooled: NodeId) => NodeId): ReadRows {
  return async (pooled, _, count) => {
    const { data, shape } = await graph.read(finish(pooled));
    const width = widthOf(shape, count);
    return Array.from({ length: count }, (__, i) => data.slice(i * width, (i + 1) * width));
  };
}

/** Number of columns that `finish` returned for `batch` texts. */
function widthOf(shape: readonly number[], batch: number): number {
  const [count, width] = shape;
  if (shape.length === 2 && count === batch) return width!;
  throw new ShapeError(`infer: finish gives a row for each of the ${batch} texts, got ${formatShape(shape)}`, {
    shape,
  });
}

/** Texts on demand: a batch is tokenized when it is its turn, with null between two steps. */
export const tokenized = (tokenizer: TextTokenizer, texts: readonly string[]) =>
  inSteps(texts, (text) => tokenizer.encodeSteps(text));

function inferBatch<T>(
  parts: InferenceParts<T>,
  texts: readonly T[],
  first: number,
  adapters: CallAdapters,
  read: ReadRows,
  skip: number,
): Promise<Float32Array[]> {
  const { graph } = parts;
  const order = adapters.order(first, texts.length);
  const places = order ?? [...texts.keys()];
  const batchOf = parts.batchOf ?? (raggedBatch as unknown as (texts: readonly T[]) => RaggedBatch);
  const batch = batchOf(places.map((place) => texts[place]!));
  let rows: Promise<Float32Array[]>;
  inferring(graph, () => {
    const selection = adapters.selection(
      places.map((place) => first + place),
      batch.offsets,
    );
    const pooled = pooledBy(parts, batch, selection, { skip });
    rows = read(order === null ? pooled : graph.embedding(pooled, inverse(order)), first, texts.length);
  });
  return rows!;
}

function inverse(order: readonly number[]): number[] {
  const places = new Array<number>(order.length);
  order.forEach((place, i) => (places[place] = i));
  return places;
}
