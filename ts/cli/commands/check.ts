import type { Command } from "commander";
import { otherBase } from "../../io/peft/check.js";
import { planMerge } from "../../merging/merge-plan.js";
import { findingText, misfits, suspicions } from "../../merging/findings.js";
import { headLabels } from "../../merging/added-tensors.js";
import { exitCodes, type Session } from "../session.js";
import { ADAPTER_HELP, adapterIn, adapterOf, BASE_HELP, baseOf } from "../files/adapter-folder.js";
import { familyOf, recordedModel } from "../files/base-model.js";
import { openBase } from "../files/open-base.js";
import { mergedBefore } from "../merged/merged-folder.js";
import { newestRun } from "../files/run-folder.js";
import { formatCount, matricesText } from "../terminal/number-format.js";

const EXAMPLES = `
Examples:
  lowrank check runs/reviews
  lowrank check --base llama/model-*.safetensors --adapter adapter-folder
`;

interface CheckOptions {
  readonly adapter?: string;
  readonly base?: readonly string[];
  readonly model?: string;
  readonly json: boolean;
}

/** The result of a check. */
interface Checked {
  readonly adapter: string;
  readonly base: string;
  readonly fits: boolean;
  /** Reasons why the adapter does not fit the base. */
  readonly problems: readonly string[];
  /** Other remarks. */
  readonly warnings: readonly string[];
  /** Number of adapted matrices. */
  readonly layers: number;
  /** Number of adapted matrices and of the layers that have them, as text: "18 matrices in 6 layers". */
  readonly adapted: string;
  /** Number of labels of the classifier in the adapter's file; null if there is none. */
  readonly headLabels: number | null;
}

/** `lowrank check`: whether an adapter fits a base, by names, shapes and types. */
export function defineCheck(program: Command, session: Session): void {
  program
    .command("check")
    .description("check whether an adapter fits a base model; exit code 1 if it does not")
    .argument("[adapter]", "folder of an adapter or a run (default: the newest under runs/)")
    .option("--base <files...>", BASE_HELP)
    .option("--adapter <folder>", ADAPTER_HELP)
    .option("--model <name>", "the same as --base")
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action(async (given: string | undefined, options: CheckOptions) => {
      const folder = adapterOf(given, options) ?? newestRun();
      const checked = await check(folder, options, session);
      if (!checked.fits) session.exitCode = exitCodes.error;
      if (options.json) return session.terminal.print(JSON.stringify(checked));
      for (const line of linesOf(checked)) session.terminal.print(line);
    });
}

async function check(folder: string, options: CheckOptions, session: Session): Promise<Checked> {
  const adapter = adapterIn(folder, { allowNonFinite: true, withBase: true });
  const base = await openBase(baseOf(options) ?? [recordedModel(folder).model], session);
  const family = familyOf(base);
  const warnings = [...otherBase(adapter, family), ...suspicions(adapter).map(findingText)];
  const about = {
    adapter: folder,
    base: base.model.name,
    layers: adapter.layers.size,
    adapted: matricesText([...adapter.layers.keys()]),
    headLabels: headLabels(adapter),
  };
  try {
    mergedBefore("check", { adapter, model: base.model, base: base.tensors });
    const plan = planMerge(base.tensors, adapter, base.config);
    return { ...about, fits: true, problems: [], warnings: [...plan.warnings, ...warnings] };
  } catch (error) {
    return { ...about, fits: false, problems: misfits(error, adapter, base.tensors), warnings };
  } finally {
    await base.close();
  }
}

/** The most problems to show; a wrong model has one for each layer. */
const SHOWN = 10;

function linesOf({ adapter, base, fits, problems, warnings, adapted, headLabels }: Checked): string[] {
  const head = headLabels === null ? "" : `; with a head for ${formatCount(headLabels)} labels`;
  const more = problems.length - SHOWN;
  return [
    fits ? `${adapter} fits ${base}: ${adapted}${head}` : `${adapter} does not fit ${base}:`,
    ...problems.slice(0, SHOWN).map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
}
