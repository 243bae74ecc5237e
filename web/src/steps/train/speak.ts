import { useEffect } from "preact/hooks";
import { progress } from "../../messages/progress.js";
import { spoken } from "../../state/notice.js";

/** Announces a stage, but not every step, to screen readers, and the end. `isOver` says whether the training ended with a result. */
export function useSpoken(stage: string, isOver: () => boolean): void {
  useEffect(() => void (spoken.value = stage), [stage]);
  useEffect(() => () => void (spoken.value = isOver() ? progress().ended : ""), []);
}
