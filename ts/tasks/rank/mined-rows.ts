import { ConfigError } from "../../errors/errors.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { TaskData, TaskFile } from "../../training/data/parts.js";
import type { RunContext } from "../../training/task-definition.js";
import { minedNegatives } from "../pairs/mined-negatives.js";
import type { Mining } from "../pairs/mining-check.js";
import { isLists, type RankedRow } from "./read-ranked.js";

/**
 * The data with texts that fit no query beside those that fit one. Those to train on are found among the texts to train on, those to measure
 * among all. Throws `ConfigError` if there are none to train on.
 */
export async function withMinedRows(
  encoder: SentenceEncoder,
  data: TaskData<RankedRow>,
  mining: Mining,
  context: RunContext,
): Promise<TaskData<RankedRow>> {
  const { train, validation, test } = data;
  const all = [train, validation, ...(test === null ? [] : [test])].flatMap(({ examples }) =>
    examples.flatMap(({ text, texts }) => texts.map((own) => [text, own] as const)),
  );
  const mined = async <F extends TaskFile<RankedRow>>(part: F, corpus: readonly string[]): Promise<F> => {
    if (part.examples.length === 0) return part;
    const queries = new Set(part.examples.map(({ text }) => text));
    // All texts that fit a query, those of other parts too.
    const pairs = all.filter(([query]) => queries.has(query));
    const found = await minedNegatives(encoder, { pairs, corpus }, mining, context);
    return { ...part, examples: part.examples.flatMap((row) => rowsWith(row, found)) };
  };
  const trained = await mined(train, []);
  if (trained.examples.every(({ labels }) => labels.every((label) => label === 1))) {
    const option = context.optionNames.setting("mineNegatives");
    const message = `${train.file}: ${option} finds no text that fits no query: relax its limits, or add rows`;
    throw new ConfigError(message, { file: train.file, option: "mineNegatives" });
  }
  const texts = all.map(([, text]) => text);
  return {
    ...data,
    train: trained,
    validation: await mined(validation, texts),
    test: test === null ? null : await mined(test, texts),
  };
}

/** A row, and the texts that were found for its query if it is the query's first. */
function rowsWith(row: RankedRow, found: Map<string, readonly string[]>): RankedRow[] {
  const negatives = found.get(row.text) ?? [];
  found.delete(row.text);
  if (isLists(row.loss)) {
    const { texts, labels } = row;
    return [{ ...row, texts: [...texts, ...negatives], labels: [...labels, ...negatives.map(() => 0)] }];
  }
  return [row, ...negatives.map((text) => ({ ...row, texts: [text], labels: [0] }))];
}
