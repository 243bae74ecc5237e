import { TagScheme } from "../../../train/metrics/tag-scheme.js";
import type { ShownPrediction } from "../../../training/job-events.js";
import type { MeasuredWord } from "../token-metrics.js";

/** The entities of a text by its labels and by the predicted ones, each with its label in parentheses. */
export function shownEntities(
  text: string,
  words: readonly MeasuredWord[],
  labels: readonly string[],
): ShownPrediction {
  const scheme = new TagScheme(labels);
  const listed = (labelOf: (word: MeasuredWord) => string) => entitiesOf(text, words, labelOf, scheme);
  const [target, predicted] = [listed((one) => one.target), listed((one) => one.predicted)];
  return { target, predicted, right: target.join("\n") === predicted.join("\n") };
}

function entitiesOf(
  text: string,
  words: readonly MeasuredWord[],
  labelOf: (word: MeasuredWord) => string,
  scheme: TagScheme,
): string[] {
  const entities: { start: number; end: number; name: string; ended: boolean }[] = [];
  let isOpen = false;
  for (const one of words) {
    const label = labelOf(one);
    const { start, end } = one.word;
    const { begins, ends, name } = scheme.parts(label);
    const last = entities.at(-1);
    if (label === "O") isOpen = false;
    else if (isOpen && !begins && last!.name === name && !last!.ended) Object.assign(last!, { end, ended: ends });
    else {
      entities.push({ start, end, name, ended: ends });
      isOpen = true;
    }
  }
  return entities.map(({ start, end, name }) => `${text.slice(start, end)} (${name})`);
}
