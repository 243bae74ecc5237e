import type { LanguageReport } from "../../tasks/language/language-report.js";
import { languagePlan, type LanguageSettings } from "../../tasks/language/settings.js";
import { formatLength } from "../../training/spec/run-settings.js";
import { formatTargets } from "../../training/spec/training-settings.js";
import { formatCount, formatDuration, formatRate } from "../terminal/number-format.js";
import { clip } from "../terminal/table.js";

/** A name from an untrusted file. */
const named = (name: unknown) => clip(String(name), 300);

/** The data and settings of a language model's run. */
export function languageRows(settings: Omit<LanguageSettings, "task"> & { readonly task: string }): string[][] {
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
export function perplexityRows({ result, data, training, engine }: Partial<Omit<LanguageReport, "steps">>): string[][] {
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
