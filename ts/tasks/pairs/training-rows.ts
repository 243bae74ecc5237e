import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { inferred } from "../../graph/inferring.js";
import { takeMiningLimits } from "../../models/sentence/mining/mining-options.js";
import { mineHardNegatives } from "../../models/sentence/mining/mine-hard-negatives.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { orderOf, type SampledOrder, samplerOf } from "../../models/sentence/training/batch-samplers.js";
import type { SentenceRow } from "../../models/sentence/training/sentence-examples.js";
import type { TaskData } from "../../training/data-parts.js";
import type { RunContext } from "../../training/task-definition.js";
import { stackedRows } from "../../values/tensor.js";
import type { PairRow, TextPrompts } from "./read-pairs.js";
import type { VectorsOf } from "./search-quality.js";
import { type Mining, type PairLoss, pairLosses, type PairsSettings } from "./settings.js";

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

/** Where negatives are looked for, and for which texts. */
interface Searched {
  /** Texts, each with one that belongs to it. */
  readonly pairs: readonly (readonly [string, string])[];
  /** Texts to look in beside those that belong to one. */
  readonly corpus?: readonly string[];
  readonly prompts?: TextPrompts | undefined;
}

/** The negatives of each text that has some, best first: those that vectors of the base model, without an adapter, take for positives. */
export async function minedNegatives(
  encoder: SentenceEncoder,
  { pairs, corpus = [], prompts }: Searched,
  { mineNegatives, seed }: Mining,
  { signal }: Pick<RunContext, "signal">,
): Promise<Map<string, string[]>> {
  const examples = await mineHardNegatives(encoder, pairs, {
    ...mineNegatives,
    seed,
    corpus,
    signal,
    outputFormat: "labeled-pair",
    // Texts are encoded as training encodes them.
    queryPrompt: prompts?.query ?? "",
    corpusPrompt: prompts?.document ?? "",
  });
  const found = new Map<string, string[]>();
  for (const example of examples) {
    if (!("texts" in example) || example.label === 1) continue;
    const [query, negative] = example.texts;
    const own = found.get(query);
    if (own === undefined) found.set(query, [negative]);
    else own.push(negative);
  }
  return found;
}

/**
 * The data with negatives in each row to train on. Rows of which fewer than asked for are found are left out, with a warning. Throws
 * `ConfigError` if fewer than two rows are left.
 */
export async function withNegatives(
  encoder: SentenceEncoder,
  data: TaskData<PairRow>,
  mining: Mining,
  context: RunContext,
): Promise<TaskData<PairRow>> {
  const { train } = data;
  const option = context.optionNames.setting("mineNegatives");
  const asked = takeMiningLimits(option, mining.mineNegatives!).numNegatives;
  const [{ prompts }] = train.examples as [PairRow];
  const pairs = train.examples.map(({ texts }) => [texts[0]!, texts[1]!] as const);
  const found = await minedNegatives(encoder, { pairs, prompts }, mining, context);
  const examples = train.examples.flatMap((row) => {
    const negatives = found.get(row.text) ?? [];
    return negatives.length < asked ? [] : [{ ...row, texts: [...row.texts, ...negatives] }];
  });
  const all = train.examples.length;
  if (examples.length < 2) {
    const message = `${train.file}: ${option} leaves ${examples.length} of ${all} rows with ${asked} negatives each: ask for fewer, relax its limits, or add rows`;
    throw new ConfigError(message, { file: train.file, option: "mineNegatives", examples: examples.length });
  }
  if (examples.length < all) {
    const fewer = `${all - examples.length} of ${all} rows to train on are left out, since fewer than ${asked} negatives were found for them`;
    context.emit({ type: "warning", message: `${train.file}: ${fewer}` });
  }
  return { ...data, train: { ...train, examples } };
}
