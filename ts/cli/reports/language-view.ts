import type { LanguageReport } from "../../tasks/language/language-report.js";
import { runFiles } from "../../training/store/run-store.js";
import { formatCount, formatExamples } from "../terminal/number-format.js";
import { tableLines } from "../terminal/table.js";
import { shellPath } from "../terminal/printable.js";
import { adapterRow, curveRow, nextLines, reportRow, type RunView, speedLine } from "./run-view.js";

/** Runs of language models: perplexity before and after. */
export const languageView: RunView<LanguageReport> = {
  result({ report: { result, data, evaluation, training } }, { colors: { bold, green } }) {
    if (result === null || evaluation === null) return [speedLine(training)];
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
      speedLine(training),
    ];
  },
  next({ folder, report: { settings }, hasGguf }, page) {
    const [model, run] = [settings.model, folder].map(shellPath);
    return nextLines(
      folder,
      [
        adapterRow,
        ...(hasGguf ? [[runFiles.gguf, "the adapter, in llama.cpp's format"] as const] : []),
        reportRow,
        curveRow,
      ],
      [
        `${settings.task === "chat" ? "chat" : "generate"} --model ${model} --adapter ${run}`,
        `serve --model ${model} --adapter ${run}`,
        `inspect ${run}`,
      ],
      page,
    );
  },
};
