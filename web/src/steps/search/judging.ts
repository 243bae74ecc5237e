import { judgements, undoable } from "../../engine/search/judged.js";
import { search } from "../../messages/search.js";
import { notify } from "../../state/notice.js";

/** Changes the judgements, and shows a notice with their number and undo. */
export function judging(change: () => void): void {
  const undo = undoable(change);
  const right = judgements.value.filter((one) => one.right).length;
  notify(search().judgedCount(right, judgements.value.length - right), undo);
}
