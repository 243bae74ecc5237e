import { FEWEST, judged, table, untrainable } from "../../engine/rank/collection.js";
import { encoder } from "../../engine/rank/encoder.js";
import { rankTraining, trainReranker } from "../../engine/rank/training.js";
import { rank } from "../../messages/rank.js";
import { OwnTraining } from "../train/own-training.js";
import { Details } from "./details.js";
import { Quality } from "./quality.js";

/** Training on the table, and what it gave. */
export function Train() {
  const t = rank();
  const now = rankTraining.run.value;
  const given = table.value;
  const reason = given && untrainable.value;
  const reasons = {
    noColumn: () => t.noLabels,
    tooFew: () => t.tooFew(judged.value!.ordered.length, FEWEST),
  };
  return (
    <OwnTraining
      of={rankTraining}
      texts={t}
      untrainable={reason && reasons[reason]()}
      details={<Details />}
      begin={
        given &&
        ((effort) => void trainReranker({ name: given.name, judged: judged.value!, encoder: encoder.value }, effort))
      }
    >
      {now !== null && now.result !== null && <Quality run={now} />}
    </OwnTraining>
  );
}
