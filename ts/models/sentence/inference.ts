import type { CallAdapters } from "../../adapters/adapter-selection.js";
import type { AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import { flag, whole } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { inferring } from "../../graph/inferring.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { formatShape } from "../../values/tensor.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather, inSteps, nextTask } from "../../waiting/next-task.js";
import type { TransformerModel } from "../architecture.js";
import { type RaggedBatch, raggedBatch, tokenBatches } from "../ragged-batch.js";
import type { EncodeOptions, PromptChoice } from "./encoder-options.js";
import type { SentenceLayout } from "./layout.js";
import { pooledBy, type PoolingParts } from "./pooling.js";

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

/** How a text becomes a vector, with all defaults resolved. */
export interface Encoding {
  /** Text put before every text. */
  readonly before: string;
  /** Number of tokens, if they are not pooled. */
  readonly skip: number;
  /** Maps pooled vectors `[batch, hidden]` to the result, row by row. */
  readonly finish: (pooled: NodeId) => NodeId;
}

/** The options of `encode` that it depends on. */
type EncodingChoice = PromptChoice & Pick<EncodeOptions, "normalize" | "truncateDim">;

/** What it depends on, of an encoder. */
interface EncodingParts {
  readonly name: string;
  readonly graph: Graph;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
  readonly hiddenSize: number;
}

/** Models for which the warning about normalisation was shown. */
const warned = new WeakSet<SentenceLayout>();

/**
 * Resolves the options of `encode`; defaults come from the model's files. Throws `ConfigError`. If neither says whether vectors are
 * normalised, the first call for the model warns.
 */
export function encodingOf(
  { name, graph, layout, tokenizer, hiddenSize }: EncodingParts,
  { normalize, truncateDim, ...choice }: EncodingChoice,
): Encoding {
  if (normalize !== undefined) flag("encode", "normalize", normalize);
  else if (!layout.hasModules && !warned.has(layout)) {
    warned.add(layout);
    console.warn(
      `lowrank: encode: model ${clip(name)} has no modules.json: pooling "${layout.pooling}", not normalised, is assumed; set \`pooling\` (load) and \`normalize\``,
    );
  }
  const { prompts } = layout;
  const before = prompts.choose("encode", choice);
  const skip = prompts.arePooled || before === "" ? 0 : tokenizer.promptLength(before);
  const width = truncateDim ?? layout.truncateDim ?? hiddenSize;
  if (truncateDim !== undefined) whole("encode", "truncateDim", truncateDim, 1, hiddenSize);
  const scaled = normalize ?? layout.normalize;
  const finish = (pooled: NodeId) => {
    if (width >= hiddenSize) return scaled ? graph.normalize(pooled) : pooled;
    const part = graph.slice(scaled && normalize !== true ? graph.normalize(pooled) : pooled, {
      dim: 1,
      start: 0,
      end: width,
    });
    return normalize === true ? graph.normalize(part) : part;
  };
  return { before, skip, finish };
}
