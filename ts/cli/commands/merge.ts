import type { Command } from "commander";
import { existsSync, realpathSync } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { throwIfAborted } from "../../waiting/abort.js";
import { readAdapter } from "../../entry/node.js";
import { type LocalModel, writeFileAtomically, writeFilesAtomically } from "../../io/node/index.js";
import { withFolder } from "../../io/node/make-folder.js";
import { withPart } from "../../io/node/parts.js";
import { type OpenTensorFile, streamSafetensors } from "../../io/safetensors/index.js";
import { openWeights } from "../../models/tensor-files.js";
import { nextTask } from "../../waiting/next-task.js";
import { findModel, recordedModel } from "../files/base-model.js";
import { type MergedParts, planMerge } from "../files/merged-model.js";
import { type MergedTensor, mergedTensors } from "../files/merged-weights.js";
import { formatCount } from "../terminal/number-format.js";
import { checkEmptyFolder } from "../files/out-folder.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { refuseFolds } from "../files/inspected-folds.js";
import { newestRun } from "../files/run-folder.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  lowrank merge runs/reviews --out merged-model
  lowrank merge adapter-folder --model BAAI/bge-small-en-v1.5 --out merged-model
`;

/** Files of a model that merging does not change, where it has them. */
const KEPT = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "sentencepiece.bpe.model",
  "generation_config.json",
  "modules.json",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
  "1_Pooling/config.json",
  "2_Dense/config.json",
  "2_Dense/model.safetensors",
];

interface MergeOptions {
  readonly out: string;
  readonly model?: string;
  readonly allowOtherBase: boolean;
}

/** `lowrank merge`: a full model of a base and an adapter, with the head where a run has one. */
export function defineMerge(program: Command, session: Session): void {
  program
    .command("merge")
    .description("write a full model: the base with an adapter's update in its weights")
    .argument("[adapter]", "folder of an adapter or a run (default: the newest under runs/)")
    .requiredOption("--out <folder>", "where the model is written; must be new or empty")
    .option("--model <name>", "folder or name of the base model (default: the one that the adapter names)")
    .option("--allow-other-base", "take a base whose weights are not those that the run was trained on", false)
    .addHelpText("after", EXAMPLES)
    .action((adapter: string | undefined, options: MergeOptions) => merge(adapter, options, session));
}

async function merge(given: string | undefined, options: MergeOptions, session: Session): Promise<void> {
  const { out } = options;
  await checkEmptyFolder(out);
  const folder = given ?? newestRun();
  refuseFolds(folder);
  const adapter = readAdapter(folder);
  const model = await findModel(options.model ?? recordedModel(folder).model, session);
  const base = await openWeights(model);
  try {
    const made = await planMerge({ folder, adapter, model, base }, options);
    await writeModel(out, model, base, { ...made, tensor: mergedTensors(base, adapter) }, session);
  } finally {
    await base.close();
  }
  const { terminal } = session;
  terminal.print(
    `${model.name} with the adapter of ${folder} merged in: ${formatCount(base.names.length)} tensors, written to ${out}`,
  );
}

/** Writes the whole folder under a temporary name beside `out`, then renames it. */
async function writeModel(
  out: string,
  model: LocalModel,
  base: OpenTensorFile,
  merged: MergedParts & { readonly tensor: MergedTensor },
  session: Session,
) {
  // A link to an empty folder stays, and the folder that it leads to is replaced.
  const target = existsSync(out) ? realpathSync(out) : resolve(out);
  const bar = reporterOf(session.terminal).start("merge", { total: base.names.length });
  const plans = base.names.map((name) => ({ name, ...base.info(name) }));
  let done = 0;
  const bytesOf = async ({ name }: { name: string }) => {
    // A tensor's arithmetic holds everything else up.
    await nextTask();
    throwIfAborted(session.signal);
    bar.update(++done);
    return (await merged.tensor(name)) ?? base.raw(name);
  };
  try {
    await withFolder(dirname(target), () =>
      withPart(dirname(target), basename(target), async (scratch) => {
        await mkdir(scratch);
        await writeFileAtomically(join(scratch, "model.safetensors"), (sink) =>
          streamSafetensors(sink, plans, bytesOf, merged.metadata),
        );
        for (const name of KEPT.filter((file) => existsSync(join(model.directory, file)))) {
          throwIfAborted(session.signal);
          await mkdir(dirname(join(scratch, name)), { recursive: true });
          await copyFile(join(model.directory, name), join(scratch, name));
        }
        await writeFilesAtomically(scratch, merged.head);
        throwIfAborted(session.signal);
        await rename(scratch, target);
      }),
    );
  } finally {
    bar.stop();
  }
}
