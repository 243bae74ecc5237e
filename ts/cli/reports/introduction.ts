import type { ReadyJob } from "../../jobs/run-job.js";
import { tasks } from "../../tasks/index.js";
import { recipes, type TrainingSettings } from "../../tasks/classify/settings.js";
import type { ReadyPart } from "../../training/job-events.js";
import type { RecipeName } from "../../training/spec/field.js";
import { FINAL_FIT_ROWS, type RunSettings } from "../../training/spec/run-settings.js";
import { formatFurtherLora, formatTargets, warmupOf } from "../../training/spec/shared-fields.js";
import type { TaskTable } from "../../training/task-definition.js";
import { groupsText } from "../terminal/data-lines.js";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEvery,
  formatExamples,
  formatPercent,
  formatRate,
  formatThreads,
} from "../terminal/number-format.js";
import { clip, tableLines, type Terminal } from "../terminal/terminal.js";
import { adapterInWords } from "../../engine/adapter-words.js";
import type { EngineInfo } from "../../engine/running.js";

/** Settings of any task. Fields of only some tasks are optional. */
type Settings = RunSettings &
  Parameters<typeof adapterVariants>[0] & {
    readonly recipe?: RecipeName;
    readonly headLearningRate?: number | null;
    readonly group?: string | null;
    readonly weights?: string;
  };
type Job = ReadyJob<Settings>;
type Row = readonly [title: string, text: string];

/** Describes a run of any task before it starts: one line for each row, and a line before them if the run is continued. */
export function introduction(job: Job, folder: string, { dim }: Terminal["colors"]): string[] {
  const { settings, steps, resumedAfter, engine, model } = job;
  const weights = settings.weights === undefined ? "" : `, weights ${settings.weights}`;
  const rows: Row[] = [
    ["model", `${model.name}, ${model.layers} layers of ${model.hiddenSize} (from ${model.origin})${weights}`],
    ...dataRows(job),
    ...keptRow(job),
    ["adapter", adapterText(job)],
    ["training", trainingText(job)],
    ...finalRow(job),
    ["engine", engineText(engine)],
    ["estimate", estimateText(job)],
    ["run", folder],
  ];
  const lines = tableLines(rows).map((line) => line.replace(/^(final fit|\w+) */, (title) => dim(title)));
  return resumedAfter === null ? lines : [`Continuing after step ${resumedAfter} of ${steps}`, ...lines];
}

/** A file, its number of examples, and what else is counted. @param use what its tokens are for */
function counted({ file, examples, words, negatives = 0, targets, tokens = 0 }: ReadyPart, use: string): string {
  const of = words === undefined ? "" : ` of ${formatCount(words)} words`;
  const mined = negatives === 0 ? "" : ` with ${formatCount(negatives)} mined negatives`;
  const used = targets === undefined ? "" : `, ${formatCount(targets)} of ${formatCount(tokens)} tokens are ${use}`;
  return `${file}: ${formatExamples(examples)}${of}${mined}${used}`;
}

function dataRows({ data, folds, settings, evaluateEvery }: Job): Row[] {
  const { train, validation, test, labels, groups } = data;
  const held = (part: typeof validation, rest: number) => {
    const share = part.split ? `, a seeded split of ${formatPercent(part.examples / (part.examples + rest))}` : "";
    return `${counted(part, "measured")}${share}`;
  };
  const rest = train.examples + validation.examples;
  const use = train.targets === undefined ? " for training" : "";
  const chosen: Row[] = validation.examples === 0 ? [] : [["validation", held(validation, train.examples)]];
  const measured: Row[] =
    test !== null
      ? [["test", held(test, rest)]]
      : validation.examples === 0
        ? [["test", "none: nothing is measured, and the last step is kept"]]
        : [];
  // Where no step is chosen, the validation is a test.
  const isTest = test === null && evaluateEvery === null;
  return [
    ["data", `${counted(train, "trained on")}${use}${folds === null ? "" : " in the first of the folds"}`],
    ...(labels.length === 0 ? [] : ([["labels", clip(labels.join(", "), 100)]] as const)),
    ...(isTest ? chosen.map(([, text]): Row => ["test", text]) : chosen),
    ...measured,
    ...(groups === null ? [] : ([["groups", partedGroups(groups, settings.group ?? null)]] as const)),
  ];
}

/** Groups of each part that has some. */
function partedGroups(groups: NonNullable<Job["data"]["groups"]>, column: string | null): string {
  const parts = (
    [
      ["train", "for training"],
      ["validation", "for validation"],
      ["test", "for testing"],
    ] as const
  )
    .filter(([part]) => groups[part].groups + groups[part].alone > 0)
    .map(([part, use]) => `${groupsText(groups[part])} ${use}`);
  return `column ${JSON.stringify(column)}: ${parts.join(", ")}`;
}

/** What chooses the step to keep; empty if nothing does. */
function keptRow({ task, chosenBy, evaluateEvery, settings: { patience } }: Job): Row[] {
  if (evaluateEvery === null) return [];
  const chosen = chosenBy === undefined ? null : (tasks as TaskTable)[task]!.metrics[chosenBy]!;
  const best = `${chosen?.better === "higher" ? "highest" : "lowest"} validation ${chosen?.title ?? "loss"}`;
  const stop = patience === null ? "" : `; the run ends after ${patience} in a row without a better one`;
  return [["keeps", `the step with the ${best}, measured every ${formatEvery(evaluateEvery)}${stop}`]];
}

function adapterText({ settings, parameters }: Job): string {
  const { rank, alpha, targetModules, headOnly = false } = settings;
  if (headOnly) return `none, only the head: ${formatCount(parameters.head)} parameters`;
  const kind = [`rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`, ...adapterVariants(settings)];
  const head = parameters.head === 0 ? "" : `, head ${formatCount(parameters.head)}`;
  return `${kind.join(", ")}: ${formatCount(parameters.adapter)} parameters${head}`;
}

function trainingText({ task, settings, steps, checkpointing }: Job): string {
  const { headOnly = false, batchSize, learningRate, headLearningRate = null, schedule, maxGradNorm, seed } = settings;
  if (headOnly) return `a head fitted to the frozen model's vectors, seed ${seed}`;
  const headRate = headLearningRate === null ? "" : `, ${formatRate(headLearningRate)} for the head`;
  const clipping = maxGradNorm === null ? "" : `, clip ${maxGradNorm}`;
  const { recipe } = settings;
  const start =
    (tasks as TaskTable)[task]!.fitsHead && recipe !== undefined && recipes[recipe].headStart !== null
      ? ", from a fitted head"
      : "";
  return (
    `${formatCount(steps)} steps of ${batchSize}, AdamW, learning rate ${formatRate(learningRate)}${headRate} ` +
    `(warm-up ${warmupOf(settings, steps)}, ${schedule})${clipping}, seed ${seed}${start}` +
    (checkpointing ? ", layers recomputed for gradients" : "")
  );
}

/** The final fit, or why there is none by default. */
function finalRow({ settings, data, finalFit, folds }: Job): Row[] {
  const { train, validation } = data;
  if (finalFit !== undefined) {
    const { examples, steps } = finalFit;
    const length = steps === 0 ? "" : `, in proportion to them up to ${formatCount(steps)} steps`;
    const text = `at the end the saved classifier is trained on all ${formatCount(examples)} rows${length} (not with --no-final-fit)`;
    return [["final fit", text]];
  }
  const isSkipped =
    settings.finalFit === null && validation.split && train.examples + validation.examples > FINAL_FIT_ROWS;
  if (!isSkipped || validation.examples === 0 || folds !== null) return [];
  return [
    [
      "final fit",
      `none: with more than ${formatCount(FINAL_FIT_ROWS)} rows, training on those of the validation too gains little (--final-fit does it)`,
    ],
  ];
}

function estimateText({ estimate: { seconds, memory }, folds }: Job): string {
  const { baseline, training, test, finalFit } = seconds;
  const total = seconds.total * (folds ?? 1);
  const parts = [
    ...(baseline === 0 ? [] : [`baseline ${formatDuration(baseline)}`]),
    ...(training === 0 ? [] : [`training ${formatDuration(training)}`]),
    ...(test === 0 ? [] : [`test ${formatDuration(test)}`]),
    ...(finalFit === undefined ? [] : [`final fit ${formatDuration(finalFit)}`]),
  ];
  const each = folds === null ? "" : `${folds === 1 ? "one fold" : `${formatCount(folds)} folds, each`}: `;
  const split = folds === null && parts.length < 2 ? "" : ` (${each}${parts.join(", ")})`;
  return `about ${formatDuration(total)}${split}, ${formatBytes(memory.needed)} of linear memory`;
}

/** Where a run trains: the GPU, or the build on WebAssembly. */
function engineText({ adapter, build, threads, tile }: EngineInfo): string {
  if (adapter !== undefined) return `WebGPU on ${adapterInWords(adapter)}`;
  return `${build} build, ${formatThreads(threads)}, tile ${tile.rows}×${tile.columns}`;
}

type Adapted = Pick<TrainingSettings, "dora" | "rslora" | "loraPlusRatio" | "dropout" | "lora">;

/** What an adapter has beside rank, alpha and modules, in words. */
function adapterVariants({ dora, rslora, loraPlusRatio, dropout, lora }: Adapted): string[] {
  return [
    ...(dora ? ["DoRA"] : []),
    ...(rslora ? ["rsLoRA"] : []),
    ...(loraPlusRatio === null ? [] : [`LoRA+ ${loraPlusRatio}`]),
    ...(dropout > 0 ? [`dropout ${dropout}`] : []),
    ...formatFurtherLora(lora),
  ];
}
