import type { Command } from "commander";
import { writeAdapter } from "../../entry/node.js";
import { type Approximation, extractAdapter } from "../../merging/extract.js";
import { modelTypeOf } from "../../merging/orientation.js";
import { breather } from "../../waiting/next-task.js";
import type { BaseWeights } from "../files/base-model.js";
import { openBase } from "../files/open-base.js";
import { checkEmptyFolder } from "../files/out-folder.js";
import { writeWholeFiles } from "../merged/whole-folder.js";
import { whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";
import { clip, tableLines } from "../terminal/terminal.js";

/** The adapter in `out` by layer, with its approximation errors. */
export function approximationLines({ layers, error, left }: Approximation, out: string, json: boolean): string[] {
  if (json) return [JSON.stringify({ out, error, layers, left })];
  const rows = layers.map(({ module, rank, error: own }) => [module, String(rank), formatPercent(own)]);
  return [
    ...tableLines([["layer", "rank", "missed"], ...rows], ["left", "right", "right"]),
    ...(left.length === 0
      ? []
      : [
          `changed, but not representable as a low-rank update: ${clip(left.join(", "), 300)} (${formatCount(left.length)} tensors)`,
        ]),
    `${formatCount(layers.length)} layers, written to ${out}: ${formatPercent(error)} of the change is missed (Frobenius norm)`,
  ];
}

const EXAMPLES = `
Example:
  lowrank extract --base bert-base --tuned my-fine-tuned-bert --rank 16 --out adapter-folder
`;

interface ExtractOptions {
  readonly base: readonly string[];
  readonly tuned: readonly string[];
  readonly rank: number;
  readonly out: string;
  readonly json: boolean;
}

/** `lowrank extract`: an adapter from the difference of two models. */
export function defineExtract(program: Command, session: Session): void {
  program
    .command("extract")
    .description(
      "make an adapter from the difference between a fine-tuned model and its base, and report what it misses",
    )
    .requiredOption(
      "--base <files...>",
      "the base model: its folder, its .safetensors files or their index, or its name",
    )
    .requiredOption("--tuned <files...>", "the fine-tuned model, in the same form")
    .requiredOption("--out <folder>", "folder for the adapter; must be new or empty")
    .option("--rank <number>", "rank of the adapter", whole(1), 16)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((options: ExtractOptions) => extract(options, session));
}

async function extract({ base, tuned, rank, out, json }: ExtractOptions, session: Session): Promise<void> {
  await checkEmptyFolder(out);
  const opened: BaseWeights[] = [];
  try {
    for (const names of [base, tuned]) opened.push(await openBase(names, session));
    const [from, to] = opened as [BaseWeights, BaseWeights];
    const about = { rank, modelType: modelTypeOf(from.config), baseName: from.model.name };
    const made = await extractAdapter(from.tensors, to.tensors, about, breather(session.signal));
    await writeWholeFiles(out, writeAdapter(made.adapter), session);
    for (const line of approximationLines(made, out, json)) session.terminal.print(line);
  } finally {
    for (const model of opened) await model.close();
  }
}
