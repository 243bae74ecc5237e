import { ConfigError } from "../../errors/errors.js";
import { mineHardNegatives } from "../../models/sentence/mining/mine-hard-negatives.js";
import { takeMiningLimits } from "../../models/sentence/mining/mining-options.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { TaskData } from "../../training/data/parts.js";
import type { RunContext } from "../../training/task-definition.js";
import type { Mining } from "./settings.js";
import type { PairRow, TextPrompts } from "./read-pairs.js";

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
