import type { LanguageReport } from "../../tasks/language/language-report.js";
import { runFiles } from "../../training/store/run-store.js";
import { formatBytes, formatCount, formatDuration, formatExamples } from "./number-format.js";
import { tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";
import { shellPath } from "./shell-word.js";

type Colors = Terminal["colors"];

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
