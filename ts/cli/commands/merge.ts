import { type Command, Option } from "commander";
import { engine } from "../../engine/engine.js";
import { ConfigError } from "../../errors/errors.js";
import { isGgufName } from "../../io/gguf/index.js";
import { idlePatterns, otherBase } from "../../io/peft/check.js";
import { planMerge } from "../../merging/merge-plan.js";
import { convertPissaOn } from "../../merging/convert-pissa.js";
import { startEngine } from "../engine-start.js";
import { ADAPTER_HELP, adapterIn, adapterOf, BASE_HELP, baseOf } from "../files/adapter-folder.js";
import { familyOf, recordedModel } from "../files/base-model.js";
import { openBase } from "../files/open-base.js";
import { checkGgufOut, ggufTypes, writeMergedGguf } from "../merged/gguf-out.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import { mergedParts, mergedSize, writeMergedFolder } from "../merged/merged-folder.js";
import { checkEmptyFolder } from "../files/out-folder.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { onnxSize, openOnnx, writeOnnxFolder } from "../merged/onnx/onnx-folder.js";
import { newestRun } from "../files/run-folder.js";
import { writeWholeFolder } from "../merged/whole-folder.js";
import type { Session } from "../session.js";
import { formatCount } from "../terminal/number-format.js";
import { breather } from "../../waiting/next-task.js";

const EXAMPLES = `
Examples:
  lowrank merge runs/reviews --out merged-model
  lowrank merge adapter-folder --base BAAI/bge-small-en-v1.5 --out merged-model
  lowrank merge --base llama/model-*.safetensors --adapter adapter-folder --out merged-model
  lowrank merge --base model.gguf --adapter adapter-folder --out merged.gguf
  lowrank merge --base model.gguf --adapter adapter-folder --out merged-folder
  lowrank merge runs/reviews --onnx minilm/onnx/model.onnx --out for-transformers-js
`;

interface MergeOptions {
  readonly out: string;
  readonly adapter?: string;
  readonly base?: readonly string[];
  readonly model?: string;
  readonly onnx?: string;
  readonly to?: string;
  readonly allowOtherBase: boolean;
}

/** `lowrank merge`: a full model from a base and an adapter, with the head if the run has one. */
export function defineMerge(program: Command, session: Session): void {
  program
    .command("merge")
    .description("write a full model of any architecture: the base with an adapter merged into its weights")
    .argument("[adapter]", "folder of an adapter or a run (default: the newest under runs/)")
    .requiredOption("--out <folder>", "new or empty folder for the model; or a new .gguf file")
    .option("--base <files...>", `${BASE_HELP}; for a .gguf result also a .gguf file`)
    .option("--adapter <folder>", ADAPTER_HELP)
    .option(
      "--onnx <file>",
      "an ONNX model of the base: write the update into its constants instead of the base's files",
    )
    .addOption(
      new Option("--to <type>", "type of a .gguf file's matrices (default: each as the base has it)").choices(
        Object.keys(ggufTypes),
      ),
    )
    .option("--model <name>", "the same as --base")
    .option("--allow-other-base", "accept a base with other weights than in the run's training", false)
    .addHelpText("after", EXAMPLES)
    .action((adapter: string | undefined, options: MergeOptions) => merge(adapter, options, session));
}

async function merge(given: string | undefined, options: MergeOptions, session: Session): Promise<void> {
  const { out } = options;
  const { terminal } = session;
  const asGguf = isGgufName(out);
  if (asGguf) await checkGgufOut(out);
  else await checkEmptyFolder(out);
  if (asGguf ? options.onnx !== undefined : options.to !== undefined)
    throw new ConfigError(
      asGguf ? "--onnx: --out must be a folder, not a .gguf file" : "--to needs a .gguf file as --out",
      { option: asGguf ? "--onnx" : "--to" },
    );
  const folder = adapterOf(given, options) ?? newestRun();
  refuseFolds(folder);
  // Its threads start while the adapter is read.
  const started = startEngine({});
  started.catch(() => {});
  const adapter = adapterIn(folder, { withBase: true });
  const names = baseOf(options) ?? [recordedModel(folder).model];
  if (asGguf) {
    const type = options.to === undefined ? "auto" : ggufTypes[options.to]!;
    return writeMergedGguf({ adapter, folder, base: names, out, type }, started, session);
  }
  if (options.onnx !== undefined && isGguf(names[0]!))
    throw new ConfigError(
      `--base ${names[0]} is a GGUF file; --onnx needs the base that the ONNX model was exported from`,
      {
        option: "--base",
        value: names[0],
      },
    );
  const onnx = options.onnx === undefined ? null : openOnnx(options.onnx);
  const base = await openBase(names, session);
  try {
    const parts = await mergedParts({ folder, adapter, model: base.model, base: base.tensors }, options);
    const family = familyOf(base);
    const ordinary = await convertPissaOn(base.tensors, adapter, family.modelType, breather(session.signal));
    const plan = planMerge(base.tensors, ordinary, base.config);
    const doubts = [...otherBase(adapter, family), ...idlePatterns(adapter)];
    for (const warning of [...plan.warnings, ...doubts]) terminal.error(warning);
    await started;
    const work = { base, plan, parts };
    if (onnx === null) {
      await writeWholeFolder(out, mergedSize(plan), session, (scratch) =>
        writeMergedFolder(scratch, work, engine(), session),
      );
    } else {
      await writeWholeFolder(out, onnxSize(onnx), session, (scratch) =>
        writeOnnxFolder(scratch, { onnx, ...work }, engine(), session),
      );
    }
    const count = onnx === null ? plan.base.names.length : plan.changes.size;
    const into = base.kind === "own" ? "in" : "into its dequantised weights, which are float32 now";
    terminal.print(
      `${onnx?.path ?? base.model.name} with the adapter of ${folder} merged ${into}: ${formatCount(count)} tensors, written to ${out}`,
    );
  } finally {
    await base.close();
  }
}
