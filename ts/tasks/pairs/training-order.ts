import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { inferred } from "../../graph/inferring.js";
import type { SampledOrder } from "../../models/sentence/training/sampled-order.js";
import { orderOf, samplerOf } from "../../models/sentence/training/sampler-of-loss.js";
import type { SentenceRow } from "../../models/sentence/training/sentence-examples.js";
import type { TaskData } from "../../training/data/parts.js";
import type { RunContext } from "../../training/task-definition.js";
import { stackedRows } from "../../values/tensor.js";
import type { PairRow } from "./read-pairs.js";
import type { VectorsOf } from "./search-quality.js";
import { type PairLoss, pairLosses, type PairsSettings } from "./settings.js";

/** The loss of a run: as asked, or by the form of its rows. */
export const lossOf = ({ train }: TaskData<PairRow>, { loss }: PairsSettings): PairLoss =>
  loss ?? pairLosses[train.examples[0]!.form][0];

/** The order of the rows to train on, as the loss needs it; null for any. Throws `ConfigError` if no batch can be made. */
export async function trainingOrder(
  data: TaskData<PairRow>,
  settings: PairsSettings,
  graph: Graph,
  { signal, optionNames }: RunContext,
): Promise<SampledOrder | null> {
  const { file, examples } = data.train;
  const loss = lossOf(data, settings);
  const classes = [...new Set(examples.map(({ name }) => name))];
  const places = new Map(classes.map((name, i) => [name, i]));
  const rows = examples.map(({ texts, name }) => ({ texts, label: places.get(name)! }));
  const size = Math.min(settings.batchSize, rows.length);
  try {
    return await orderOf(rows, samplerOf(loss, {}), size, settings.seed, graph, { signal });
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const problem = examples[0]!.form === "classes" ? "no class has two texts" : "any two rows have a text in common";
    throw new ConfigError(
      `${file}: ${problem} among those to train on, so the loss "${loss}" has no batches: add other rows, or choose another ${optionNames.setting("loss")}`,
      { file, loss },
      { cause },
    );
  }
}

/** How rows are put in batches. */
interface InBatches {
  readonly loss: PairLoss;
  readonly batchSize: number;
  readonly graph: Graph;
  readonly signal: AbortSignal | undefined;
}

/** Rows once, in batches as the loss needs them; one after another where it can make none. */
export async function batchesOnce(
  rows: readonly SentenceRow[],
  { loss, batchSize, graph, signal }: InBatches,
): Promise<SentenceRow[][]> {
  const size = Math.min(batchSize, rows.length);
  const order = await orderOf(rows, samplerOf(loss, {}), size, 0, graph, { signal }).catch((error: unknown) => {
    if (error instanceof ConfigError) return null;
    throw error;
  });
  if (order !== null)
    return Array.from({ length: order.perEpoch }, (_, step) => Array.from(order.at(step), (i) => rows[i]!));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}

/** The mean loss of batches, on vectors that are known. */
export async function meanLoss(
  graph: Graph,
  batches: readonly (readonly SentenceRow[])[],
  vectorOf: VectorsOf,
  lossOf: (columns: readonly NodeId[], rows: readonly SentenceRow[]) => NodeId,
): Promise<number> {
  let [total, count] = [0, 0];
  for (const rows of batches) {
    const loss = await inferred(graph, () => {
      const columns = rows[0]!.texts.map((_, i) =>
        graph.constant(stackedRows(rows.map(({ texts }) => vectorOf(texts[i]!, i === 0)))),
      );
      return lossOf(columns, rows);
    });
    total += loss.data[0]! * rows.length;
    count += rows.length;
  }
  return total / count;
}
