import type { LanguageReport } from "../../tasks/language/language-report.js";
import type { LanguageSettings } from "../../tasks/language/settings.js";
import type { ReadyJob } from "../../jobs/run-job.js";
import type { ReadyPart } from "../../training/job-events.js";
import { engineText } from "./engine-text.js";
import { formatTargets, warmupOf } from "../../training/spec/training-settings.js";
import { runFiles } from "../../training/store/run-store.js";
import { adapterVariants } from "./adapter-variants.js";
import { formatBytes, formatCount, formatDuration, formatEvery, formatExamples, formatRate } from "./number-format.js";
import { tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";
import { shellPath } from "./shell-word.js";

type Colors = Terminal["colors"];

const counted = ({ file, examples, targets = 0, tokens = 0 }: ReadyPart) =>
  `${file}: ${formatExamples(examples)}, ${formatCount(targets)} of ${formatCount(tokens)} tokens are`;

/** Describes a language model's run before it starts. */
export function languageIntroduction(job: ReadyJob<LanguageSettings>, folder: string, { dim }: Colors): string[] {
  const { settings, steps, resumedAfter, engine, model, data, parameters, evaluateEvery, estimate, checkpointing } =
    job;
  const { rank, alpha, targetModules, batchSize, learningRate, schedule, maxGradNorm, seed, patience } = settings;
  const variants = adapterVariants(settings);
  const { validation } = data;
  const stop = patience === null ? "" : `; the run ends after ${patience} in a row without a lower one`;
  const { seconds, memory } = estimate;
  const measuring = seconds.validation === 0 ? "" : `, of which ${formatDuration(seconds.validation)} for measuring`;
  const rows = [
    [
      "model",
      `${model.name}, ${model.layers} layers of ${model.hiddenSize} (from ${model.origin}), weights ${settings.weights}`,
    ],
    ["data", `${counted(data.train)} trained on`],
    ...(validation.examples === 0
      ? [["validation", "none: no perplexity is measured, and the last step is kept"]]
      : [
          ["validation", `${counted(validation)} measured${validation.split ? ", a seeded split" : ""}`],
          [
            "keeps",
            `the step with the lowest validation perplexity, measured every ${formatEvery(evaluateEvery!)}${stop}`,
          ],
        ]),
    [
      "adapter",
      [`rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`, ...variants].join(", ") +
        `: ${formatCount(parameters.adapter)} parameters`,
    ],
    [
      "training",
      `${formatCount(steps)} steps of ${batchSize}, AdamW, learning rate ${formatRate(learningRate)} (warm-up ` +
        `${warmupOf(settings, steps)}, ${schedule})${maxGradNorm === null ? "" : `, clip ${maxGradNorm}`}, seed ${seed}` +
        (checkpointing ? ", layers recomputed for gradients" : ""),
    ],
    ["engine", engineText(engine)],
    ["estimate", `about ${formatDuration(seconds.total)}${measuring}, ${formatBytes(memory.needed)} of linear memory`],
    ["run", folder],
  ];
  const lines = tableLines(rows).map((line) => line.replace(/^\w+ */, (title) => dim(title)));
  return resumedAfter === null ? lines : [`Continuing after step ${resumedAfter} of ${steps}`, ...lines];
}

/** Perplexity before and after, speed and memory. */
export function languageResult(
  { result, data, evaluation, training }: LanguageReport,
  { bold, green }: Colors,
): string[] {
  const { steps, seconds, tokensPerSecond, peakMemory } = training;
  const speed =
    `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ` +
    `${formatBytes(peakMemory)} of linear memory at peak`;
  if (result === null || evaluation === null) return [speed];
  const { before, after, step } = result;
  const row = (name: string, { perplexity, loss }: typeof before) => [name, perplexity.toFixed(2), loss.toFixed(3)];
  const { targets, examples } = data.validation;
  const [head, first, last] = tableLines(
    [
      [`${formatCount(targets)} tokens of ${formatExamples(examples)} held out`, "perplexity", "loss"],
      row("the base model", before),
      row("with the adapter", after),
    ],
    ["left", "right", "right"],
  );
  const stopped = evaluation.stoppedEarly ? `; stopped early after step ${evaluation.measured.at(-1)!.step}` : "";
  const better = after.loss < before.loss;
  return [
    head!,
    first!,
    better ? green(bold(last)) : bold(last),
    `Kept: step ${step}, with the lowest loss of those measured${stopped}`,
    "",
    speed,
  ];
}

/**
 * The files, and commands to try next.
 * @param gguf whether a GGUF LoRA was written too
 */
export function languageNext(
  self: string,
  folder: string,
  { settings }: LanguageReport,
  gguf: boolean,
  { dim, cyan }: Colors,
): string[] {
  const rows = [
    [runFiles.adapter.join(", "), "the adapter, in PEFT's format"],
    ...(gguf ? [[runFiles.gguf, "the adapter, in llama.cpp's format"]] : []),
    [runFiles.report, "settings, every step, results"],
    [runFiles.curve, "the loss curve; open it in a browser"],
  ];
  const command = settings.task === "chat" ? "chat" : "generate";
  const [model, run] = [settings.model, folder].map(shellPath);
  return [
    `Written to ${folder}`,
    ...tableLines(rows).map((line) => `  ${line.replace(/ {2,}.*$/, (rest) => dim(rest))}`),
    "",
    "Try next",
    `  ${cyan(`${self} ${command} --model ${model} --adapter ${run}`)}`,
    `  ${cyan(`${self} serve --model ${model} --adapter ${run}`)}`,
    `  ${cyan(`${self} inspect ${run}`)}`,
  ];
}
