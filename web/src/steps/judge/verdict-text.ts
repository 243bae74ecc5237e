import type { Task } from "../../data/target.js";
import { hasHead } from "../../engine/classify.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { isOf, type Run, taskOf } from "../../state/runs.js";
import { measuredTexts, type Verdict, verdictOf } from "./verdict.js";

/** A verdict in words, for the page and the model card. */
export interface VerdictText extends Pick<Verdict, "kind" | "use"> {
  readonly head: string;
  readonly text: string;
}

/** A measure of a task on so many texts, as it is written. */
const measures: Readonly<Record<Task, (value: number, count: number) => string>> = {
  classify: (share, count) => headline().of(m().number(Math.round(share * count)), m().number(count)),
  "multi-label": (share, count) => measures.classify(share, count),
  regress: (error, count) => m().error(error, count),
  tokens: (share, count) => m().share(share, count),
};

/** Gain of the adapted model in macro F1, in percentage points. */
const rareGain = (run: Run, count: number): string =>
  isOf("classify", run) ? m().points(run.report!.result.overHeadAlone?.macroF1.difference ?? 0, count) : "";

/** The verdict of a run; null for a loaded model, which has no test. */
export function verdictTextOf(run: Run): VerdictText | null {
  if (run.report === null) return null;
  const task = taskOf(run);
  const count = measuredTexts(run.report);
  const { kind: found, use, isBelow, adapted, simple, guess } = verdictOf(task, run.report);
  const t = headline().verdict;
  const said = (value: number) => t.measured[task](measures[task](value, count));
  const best = said(use === "head" ? simple! : adapted);
  // As little as the digits that the texts carry do not show is no difference.
  const kind = found === "worse" && best === said(guess) ? "guess" : found;
  const noBetter = () => t.guess(best, said(guess));
  const texts: Readonly<Record<Verdict["kind"], () => string>> = {
    better: () => t.better(said(adapted), said(simple!)),
    rare: () => t.rare(said(adapted), said(simple!), rareGain(run, count)),
    equal: () => t.equal(said(adapted), said(simple!)),
    simple: () => t.simple(said(simple!), said(adapted)),
    guess: noBetter,
    worse: noBetter,
    alone: () => t.alone(said(adapted), said(guess)),
  };
  return { kind, use, head: t.heads[kind], text: texts[kind]() + (isBelow ? ` ${t.below}` : "") };
}

/** Whether the model to use is the simple one: the test recommends it, and it is there. */
export const usesHead = (run: Run): boolean =>
  run.report !== null && hasHead(run) && verdictOf(taskOf(run), run.report).use === "head";
