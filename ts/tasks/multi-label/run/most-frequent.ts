import { multiLabelMetrics } from "../../../train/evaluators/multi-label-metrics.js";
import { log } from "../../../values/elementary.js";
import type { LabelRow } from "../label-rows.js";
import type { MultiLabelScores } from "./report.js";

/** Scores of the most frequent set of labels, predicted for every text; of equally frequent ones the first counts. */
export function mostFrequentScores(train: readonly LabelRow[], measured: readonly LabelRow[]): MultiLabelScores {
  const counts = new Map<string, number>();
  for (const row of train) counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1);
  let [set, most] = ["", 0];
  for (const [key, count] of counts) if (count > most) [set, most] = [key, count];
  const chosen = set.split(",").map(Number);
  const shares = chosen.map((_, place) => train.reduce((sum, row) => sum + row[place]!, 0) / train.length);
  const metrics = multiLabelMetrics(
    measured.map(() => chosen),
    measured,
  );
  const ranked = multiLabelMetrics(
    measured.map(() => shares),
    measured,
  );
  let loss = 0;
  // A share of 0 or 1 would make one text infinite: half a text more of each.
  const [of, all] = [(share: number) => share * train.length + 0.5, train.length + 1];
  for (const row of measured)
    shares.forEach((share, place) => (loss -= log((row[place] === 1 ? of(share) : of(1 - share)) / all)));
  return {
    f1Micro: metrics.f1Micro,
    f1Macro: metrics.f1Macro,
    map: ranked.mapMacroOfLabelsWithTexts,
    exactMatch: metrics.subsetAccuracy,
    loss: loss / (measured.length * shares.length),
  };
}
