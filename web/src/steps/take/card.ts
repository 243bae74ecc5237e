import { baseOf } from "../../engine/loaded-run.js";
import { MODEL } from "../../engine/model.js";
import { card } from "../../messages/card.js";
import { type Run, taskOf } from "../../state/runs.js";
import { headlineOf } from "../judge/headline-of.js";
import { verdictTextOf } from "../judge/verdict-text.js";
import { measuredTexts } from "../judge/verdict.js";

/** A model card: what a model was trained on, its result and its limits, as sentences of plain text. */
export interface Card {
  readonly data: readonly string[];
  readonly result: readonly string[];
  readonly limits: readonly string[];
}

const MOST_LABELS = 20;
/** A test of fewer texts gives a rough result. */
const FEW = 100;

/** The base model's name for a card. */
const cardBase = ({ files }: Run): string => baseOf(files ?? {}) ?? MODEL;

/** The card of a finished or loaded run, in the page's language. */
export function cardOf(run: Run): Card {
  const t = card();
  const task = taskOf(run);
  const base = cardBase(run);
  const labels = run.labels.slice(0, MOST_LABELS).join(", ") + (run.labels.length > MOST_LABELS ? " …" : "");
  const listed = run.labels.length > 0 ? [t.labels(run.labels.length, labels)] : [];
  const ofBase = base === MODEL ? [t.english] : [];
  const always = [...t.always[task], ...ofBase, t.people];
  if (run.report === null) return { data: [t.unknownData, ...listed], result: [t.unknownResult], limits: always };
  const { report } = run;
  const { maxTokens } = report.settings;
  const tested = measuredTexts(report);
  const verdict = verdictTextOf(run)!;
  return {
    data: [
      t.rows(run.examples, run.name),
      ...listed,
      t.split(report.data.train.examples, tested, report.data.validation?.examples ?? 0),
    ],
    result: [`${t.adapted} ${headlineOf(run)!.sentence}`, `${verdict.head} ${verdict.text}`, t.measured(tested)],
    limits: [
      ...(tested < FEW ? [t.few(tested)] : []),
      t.alike,
      ...(maxTokens === null ? [] : [t.length(maxTokens)]),
      ...always,
    ],
  };
}

/** Text as Markdown that shows it unchanged. */
const asMarkdown = (text: string) => text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|~]/g, "\\$&");
const list = (sentences: readonly string[]) => sentences.map((sentence) => `- ${asMarkdown(sentence)}\n`).join("");

/** The card of a run's adapted or simple model as README.md, with the header that the Hugging Face hub reads. */
export function cardText(run: Run, which: "adapter" | "head" = "adapter"): string {
  const t = card();
  const { data, result, limits } = cardOf(run);
  const base = cardBase(run);
  const kind = taskOf(run) === "tokens" ? "token-classification" : "text-classification";
  return `---
base_model: ${JSON.stringify(base)}
library_name: ${which === "head" ? "lowrank" : "peft"}
pipeline_tag: ${kind}
tags:
${which === "head" ? "" : "  - lora\n"}  - lowrank
---

# ${asMarkdown(run.name.replace(/\.[^.]*$/, ""))}

${which === "head" ? t.simpleIntro(base) : t.intro(base)}

## ${t.dataHeading}

${list(data)}
## ${t.resultHeading}

${list(result)}
## ${t.limitsHeading}

${list(limits)}`;
}
