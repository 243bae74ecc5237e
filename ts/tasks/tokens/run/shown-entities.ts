import type { ShownPrediction } from "../../../training/job-events.js";
import type { MeasuredWord } from "../token-metrics.js";
import { together } from "../token-spans.js";

/** The entities of a text by its labels and by the predicted ones, each with its label in parentheses. */
export function shownEntities(
  text: string,
  words: readonly MeasuredWord[],
  labels: readonly string[],
): ShownPrediction {
  const entitiesOf = (of: "target" | "predicted") =>
    together(
      text,
      words.map(({ word: { start, end }, [of]: label }) => ({ label, probability: 1, start, end })),
      labels,
    );
  const [target, predicted] = [entitiesOf("target"), entitiesOf("predicted")];
  const shown = (entities: typeof target) => entities.map((entity) => `${entity.text} (${entity.label})`);
  // Also where they are: a text may have the same entity twice.
  return {
    target: shown(target),
    predicted: shown(predicted),
    right: JSON.stringify(target) === JSON.stringify(predicted),
  };
}
