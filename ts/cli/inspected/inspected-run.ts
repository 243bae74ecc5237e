import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folderStore, type RunReport, runStatus, type RunStatus } from "../../entry/jobs-node.js";
import { FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { languagePlan, type LanguageReport, type LanguageSettings } from "../../tasks/language/settings.js";
import type { TokenReport } from "../../tasks/tokens/settings.js";
import { isLocked } from "../../training/node/run-lock.js";
import { type JobSettings, type TaskName, taskOf, tasks } from "../../tasks/index.js";
import { runFiles } from "../../training/store/run-store.js";
import { classifierPlan, type TrainingSettings } from "../../tasks/classify/settings.js";
import { formatLength, type RunSettings } from "../../training/spec/run-settings.js";
import { formatTargets } from "../../training/spec/shared-fields.js";
import { formatCount, formatDuration, formatInterval, formatPercent, formatRate } from "../terminal/number-format.js";
import { clip, shellPath } from "../terminal/terminal.js";
import { metricCells } from "../reports/run-view.js";
import type { TaskTable } from "../../training/task-definition.js";

/** The report of a finished run, without its steps. */
type InspectedReport = Omit<RunReport, "steps"> | Omit<LanguageReport, "steps"> | Omit<TokenReport, "steps">;

/** A run, from its folder. */
interface InspectedRun extends RunStatus {
  /** Whether the process that wrote the last status was killed. */
  readonly gone: boolean;
  /** The report of a finished run, without its steps. */
  readonly report: InspectedReport | null;
}

/** The status of a run in a folder; null if there is no run. Throws `FormatError` for damaged files. */
export async function inspectRun(folder: string): Promise<InspectedRun | null> {
  const run = await runStatus(folderStore(folder));
  if (run === null) return null;
  if (run.status === "finished") return { ...run, gone: false, report: readReport(folder) };
  const gone = (run.status === "preparing" || run.status === "training") && !(await isLocked(folder));
  return { ...run, gone, report: null };
}

function readReport(folder: string): InspectedReport {
  const path = join(folder, runFiles.report);
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { steps: _, ...report } = parseJsonObject(readFileSync(path), fail) as unknown as InspectedReport & {
    readonly steps: unknown;
  };
  return report;
}

/** Rows with a run's status, settings, and how to continue it or its results. */
export function runRows(folder: string, self: string, run: InspectedRun): string[][] {
  const { status, report, step, finalFit, began, error } = run;
  const { step: done, steps } = finalFit ?? run;
  const of = (steps === null ? "" : ` of ${formatCount(steps)}`) + (finalFit === null ? "" : " of the final fit");
  const where = done === null ? "before its first checkpoint" : `after step ${formatCount(done)}${of}`;
  const rows: Record<RunStatus["status"], string> = {
    preparing: "is being prepared: reading data and model",
    training: step === null ? "is running, without a checkpoint yet" : `is training; its last checkpoint is ${where}`,
    interrupted: `interrupted ${where}`,
    failed: `failed; ${step === null ? "it has no checkpoint" : `its last checkpoint is ${where}`}`,
    finished: `finished${typeof report?.created === "string" ? `, ${clip(report.created, 40)}` : ""}`,
  };
  const ended = run.gone ? `was killed ${where}: its process no longer exists` : rows[status];
  const settings = run.settings ?? report?.settings ?? null;
  const running = (status === "preparing" || status === "training") && !run.gone;
  return [
    ["run", ended],
    ...(began === null ? [] : [["began", clip(began, 40)]]),
    ...(error === null ? [] : [["error", clip(error, 300)]]),
    ...(settings === null ? [] : known(() => rowsOfSettings(settings))),
    ...(report === null ? [] : known(() => rowsOfReport(report))),
    ...(status === "finished" || running ? [] : [["to continue", `${self} finetune --resume ${shellPath(folder)}`]]),
  ];
}

/** Rows about a report's fields, which are shown as they are: those of another version may have other types. */
function known(rows: () => string[][]): string[][] {
  try {
    return rows();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [[runFiles.report, "has fields that this version does not know: another one wrote it, or it is damaged"]];
  }
}

type Rows<T> = (about: T) => string[][];

/** Tasks of which more is shown than of any task. */
const own: Readonly<Partial<Record<TaskName, { readonly settings?: Rows<never>; readonly report: Rows<never> }>>> = {
  classify: { settings: settingRows, report: resultRows },
  tokens: { report: entityRows },
  text: { settings: languageRows, report: perplexityRows },
  chat: { settings: languageRows, report: perplexityRows },
  preferences: { settings: languageRows, report: metricCells },
};

/** What was trained on what, and how. */
export const rowsOfSettings = (settings: JobSettings): string[][] =>
  ((own[taskOf(settings)]?.settings ?? taskRows) as Rows<JobSettings>)(settings);

const rowsOfReport = (report: InspectedReport): string[][] =>
  ((own[taskOf(report.settings ?? {})]?.report ?? metricCells) as Rows<InspectedReport>)(report);

/** A name from an untrusted file. */
const named = (name: unknown) => clip(String(name), 300);

/** Rows about the settings of a text classifier's run. */
function settingRows(settings: TrainingSettings): string[][] {
  const { data, validation, test, text, label, model, batchSize, learningRate, seed, headOnly } = settings;
  const { group = null, labelNames = {}, maxTokens = null } = settings as Partial<TrainingSettings>;
  const measured = test ?? validation ?? null;
  const names = Object.entries(labelNames).map(([raw, name]) => `${raw}=${name}`);
  return [
    [
      "data",
      `${named(data)}, texts in column ${named(text)}, labels in ${named(label)}` +
        (group === null ? "" : `, groups in ${named(group)}`) +
        (measured === null ? "" : `; tested on ${named(measured)}`),
    ],
    ...(names.length === 0 ? [] : [["label names", clip(names.join(", "), 80)]]),
    ...(maxTokens === null ? [] : [["texts", `truncated to ${formatCount(maxTokens)} tokens`]]),
    ["base", named(model)],
    ...(headOnly ? [["adapter", "none, only a head: there is nothing to merge, and `embed` uses the base model"]] : []),
    [
      "settings",
      headOnly
        ? `logistic regression on the base's vectors, seed ${seed}`
        : `${formatLength(settings, classifierPlan.length)} of ${batchSize}, learning rate ${formatRate(learningRate)}, rank ${settings.rank}, alpha ${settings.alpha} on ` +
          `${formatTargets(settings.targetModules)}, seed ${seed}`,
    ],
  ];
}

/** The results in a report, which may be of another version. */
function resultRows({ result, data, training, engine, settings }: Partial<Omit<RunReport, "steps">>): string[][] {
  const share = (metrics: { accuracy?: number } | null | undefined) =>
    typeof metrics?.accuracy === "number" ? formatPercent(metrics.accuracy) : "–";
  const isHeadOnly = settings?.headOnly === true;
  const after = (): string => share(result?.after) + formatInterval(result?.after?.intervals?.accuracy);
  const tested = (data?.test ?? data?.validation)?.examples;
  const on = tested === undefined ? "" : `, on ${formatCount(tested)} ${result?.measuredOn ?? "test"} texts`;
  const accuracy = isHeadOnly
    ? `${after()} head only, ${formatPercent(result?.largestClass ?? NaN)} majority-class baseline`
    : `${share(result?.before)} untrained head, ${share(result?.headOnly)} head-only baseline, ${after()} trained`;
  return [
    ...(data === undefined ? [] : [["labels", clip(data.labels.join(", "), 80)]]),
    ...(result === undefined ? [] : [["accuracy", accuracy + on]]),
    ...(training === undefined || engine === undefined || isHeadOnly
      ? []
      : [
          [
            "training",
            `${formatCount(training.steps)} steps in ${formatDuration(training.seconds)}, ${engine.build} build` +
              (training.diverged ? "; it diverged" : ""),
          ],
        ]),
  ];
}

/** A name from an untrusted file. */

/** The data and settings of a language model's run. */
function languageRows(settings: Omit<LanguageSettings, "task"> & { readonly task: string }): string[][] {
  const { task, data, validation, fields, maxTokens, model, weights, batchSize } = settings;
  const { learningRate, rank, alpha, targetModules, seed } = settings;
  const names = Object.entries(fields).map(([field, name]) => `${field}=${name}`);
  return [
    ["data", `${named(data)}, task ${task}${validation === null ? "" : `; measured on ${named(validation)}`}`],
    ...(names.length === 0 ? [] : [["fields", clip(names.join(", "), 80)]]),
    ...(maxTokens === null ? [] : [["texts", `truncated to ${formatCount(maxTokens)} tokens`]]),
    ["base", `${named(model)}, weights ${weights}`],
    [
      "settings",
      `${formatLength(settings, languagePlan.length)} of ${batchSize}, learning rate ${formatRate(learningRate)}, rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}, seed ${seed}`,
    ],
  ];
}

/** The results of such a run that its report contains; the report may be of another version. */
function perplexityRows({ result, data, training, engine }: Partial<Omit<LanguageReport, "steps">>): string[][] {
  const held = data?.validation;
  const shown = (value: unknown) => (typeof value === "number" ? value.toFixed(2) : "–");
  return [
    ...(result == null || held == null
      ? []
      : [
          [
            "perplexity",
            `${shown(result.before?.perplexity)} before, ${shown(result.after?.perplexity)} trained, on ${formatCount(held.targets)} tokens of ` +
              `${formatCount(held.examples)} examples; step ${result.step} was kept`,
          ],
        ]),
    ...(training === undefined || engine === undefined
      ? []
      : [
          [
            "training",
            `${formatCount(training.steps)} steps in ${formatDuration(training.seconds)}, ${engine.build} build`,
          ],
        ]),
  ];
}

/** A name from an untrusted file. */

/** Data and settings of a run. */
function taskRows(settings: RunSettings): string[][] {
  const { data, validation, test, model, batchSize, learningRate, rank, alpha, targetModules, seed, headOnly } =
    settings;
  const measured = test ?? validation;
  const task = taskOf(settings);
  const trained = `${formatLength(settings, (tasks as TaskTable)[task]!.plan.length)} of ${batchSize}, learning rate ${formatRate(learningRate)}, rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`;
  return [
    ["data", `${named(data)}, task ${task}${measured === null ? "" : `; tested on ${named(measured)}`}`],
    ["base", named(model)],
    ["settings", `${headOnly ? "only the head, fitted to frozen vectors" : trained}, seed ${seed}`],
  ];
}

/** The results of such a run that its report contains; the report may be of another version. */
function entityRows({ result, data }: Partial<Omit<TokenReport, "steps">>): string[][] {
  const share = (metrics: { readonly f1?: unknown } | null | undefined) =>
    typeof metrics?.f1 === "number" ? formatPercent(metrics.f1) : "–";
  const tested = (data?.test ?? data?.validation)?.examples;
  return [
    ...(data === undefined ? [] : [["labels", clip(data.labels.join(", "), 80)]]),
    ...(result === undefined
      ? []
      : [
          [
            "entity F1",
            `${share(result.headOnly)} head-only baseline, ${share(result.after)} the result` +
              (tested === undefined ? "" : `, on ${formatCount(tested)} ${result.measuredOn} examples`),
          ],
        ]),
  ];
}
