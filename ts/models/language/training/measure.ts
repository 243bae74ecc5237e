import type { AdapterSelection, CallAdapters } from "../../../adapters/adapter-selection.js";
import { Gathered } from "../../../graph/gathered.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import { inferring } from "../../../graph/inferring.js";
import { exp } from "../../../values/elementary.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { nextTask } from "../../../waiting/next-task.js";
import type { Decoder } from "../../decoder/decoder.js";
import { inferenceMemory, rowsAtOnce } from "../../decoder/memory.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { LanguageModelParts } from "../load-language-model.js";
import type { TrainingTokens } from "./training-examples.js";

/** Result of `CausalLanguageModel.evaluate`. */
export interface LanguageMetrics {
  /** Mean cross entropy of the targets, in nats. */
  readonly loss: number;
  /** Perplexity: e to the loss. */
  readonly perplexity: number;
  /** Number of target tokens. */
  readonly targets: number;
  /** Number of tokens of the examples. */
  readonly tokens: number;
}

type Parts = Pick<LanguageModelParts, "graph" | "model">;

/** Tokens computed between two checks of the signal. */
const TOKENS_AT_ONCE = 512;

/** Progress and cancellation of a call. */
export interface MeasureEvents {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Sum of the cross entropies of each example's targets, `[examples]`; an example's bits do not depend on the others. Lets the event loop
 * run before each batch. Throws `AbortError`.
 */
export async function targetLosses(
  parts: Parts,
  adapters: CallAdapters,
  examples: readonly TrainingTokens[],
  { signal, onProgress }: MeasureEvents,
): Promise<Float64Array> {
  const losses = new Float64Array(examples.length);
  const selected = ofCall(adapters);
  for (const { first, end } of batchesOf(examples)) {
    throwIfAborted(signal);
    const { values, sums } = lossesOf(parts, selected, examples.slice(first, end));
    await values.end();
    losses.set(sums(), first);
    onProgress?.(end);
    await nextTask();
  }
  throwIfAborted(signal);
  return losses;
}

/** The adapters of each text of a batch, by its texts' offsets. */
type Selected = (offsets: Int32Array) => AdapterSelection;

const ofCall =
  (adapters: CallAdapters): Selected =>
  (offsets) =>
    adapters.selection(new Array<number>(offsets.length - 1).fill(0), offsets);

/** Losses of the answers at once, without letting the event loop run; not on a GPU. */
export function answerLosses(parts: Parts, selected: Selected, examples: readonly TrainingTokens[]): Float64Array {
  const losses = new Float64Array(examples.length);
  for (const { first, end } of batchesOf(examples))
    losses.set(lossesOf(parts, selected, examples.slice(first, end)).sums(), first);
  return losses;
}

/** Examples that are measured together, `[first, end)`, and their tokens. */
function* batchesOf(examples: readonly TrainingTokens[]) {
  for (let first = 0; first < examples.length;) {
    let [end, tokens] = [first, 0];
    do tokens += examples[end++]!.ids.length;
    while (end < examples.length && tokens + examples[end]!.ids.length <= TOKENS_AT_ONCE);
    yield { first, end, tokens };
    first = end;
  }
}

/** Bytes needed to measure examples: the largest batch, and what its cross entropy keeps of the logits. */
export function measuringMemory({ config }: Decoder, examples: readonly TrainingTokens[]): number {
  let most = 0;
  for (const { tokens } of batchesOf(examples)) most = Math.max(most, tokens);
  const logits = Math.min(most, rowsAtOnce(config)) * config.vocabularySize;
  return inferenceMemory(config, most) + Float32Array.BYTES_PER_ELEMENT * logits;
}

/** Losses of each target, and when they are there the sums of each example. */
function lossesOf({ graph, model }: Parts, selected: Selected, examples: readonly TrainingTokens[]) {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const { rows, ids } = targetsOf(examples, batch.offsets);
  const most = rowsAtOnce(model.config);
  const losses = new Float32Array(rows.length);
  const values = new Gathered(graph, losses);
  inferring(graph, () => {
    const selection = selected(batch.offsets);
    const hidden = model.infer(batch, selection);
    for (let start = 0; start < rows.length; start += most)
      graph.step(() => {
        const end = Math.min(start + most, rows.length);
        const logits = model.logits(graph.embedding(hidden, rows.subarray(start, end)), selection);
        const each = graph.crossEntropy(logits, ids.subarray(start, end), { reduction: "none" });
        values.set(each, start);
      });
  });
  const sums = () => {
    let at = 0;
    return examples.map(({ targets }) => targets.reduce((sum) => sum + losses[at++]!, 0));
  };
  return { values, sums };
}

/** Means over all targets. */
export function metricsOf(losses: Float64Array, examples: readonly TrainingTokens[]): LanguageMetrics {
  const count = (size: (example: TrainingTokens) => number) => examples.reduce((sum, one) => sum + size(one), 0);
  const targets = count((one) => one.targets.length);
  const loss = losses.reduce((sum, one) => sum + one, 0) / targets;
  return { loss, perplexity: exp(loss), targets, tokens: count(({ ids }) => ids.length) };
}

/** Rows of hidden states with a target, and the targets. */
interface Targets {
  readonly rows: Int32Array;
  readonly ids: Int32Array;
}

/** The targets of a batch's examples, each at the row of the token before it. */
export function targetsOf(examples: readonly TrainingTokens[], offsets: Int32Array): Targets {
  const rows = examples.flatMap(({ targets }, i) => targets.map((target) => offsets[i]! + target - 1));
  const ids = examples.flatMap((example) => example.targets.map((target) => example.ids[target]!));
  return { rows: Int32Array.from(rows), ids: Int32Array.from(ids) };
}

/**
 * Sum of the cross entropies of the targets. Rows without a target are skipped. Logits are computed in chunks, and recomputed for their
 * gradient if there are several, so they are never in memory as a whole.
 */
export function completionLoss(
  graph: Graph,
  model: Decoder,
  hidden: NodeId,
  { rows, ids }: Targets,
  selection: AdapterSelection,
): NodeId {
  const chosen = graph.embedding(hidden, rows);
  const most = rowsAtOnce(model.config);
  const piece = (start: number, end: number, x: NodeId) => {
    const whole = start === 0 && end === rows.length;
    const part = whole ? x : graph.slice(x, { dim: 0, start, end });
    return graph.crossEntropy(model.logits(part, selection), ids.subarray(start, end), { reduction: "sum" });
  };
  if (rows.length <= most) return piece(0, rows.length, chosen);
  let total: NodeId | null = null;
  for (let start = 0; start < rows.length; start += most) {
    const end = Math.min(start + most, rows.length);
    const loss = graph.checkpoint((x: NodeId) => piece(start, end, x), [chosen]);
    total = total === null ? loss : graph.add(total, loss);
  }
  return total!;
}
