import { forReading } from "../messages/reading.js";
import { canUndo, undo } from "../state/project.js";
import { notify } from "../state/notice.js";
import { step } from "../state/view.js";

/** Fields undo what is typed in them. */
const FIELDS = "input:not([type=checkbox], [type=radio], [type=file]), textarea, dialog *";

/** Ctrl+Z, or ⌘Z, undoes the last change of the table where its rows are shown: a notice with the button is gone after some seconds. */
export function listenForUndo(): void {
  addEventListener("keydown", (event) => {
    const isUndo =
      event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const isShown = step.value === "data" || step.value === "judge";
    if (!isUndo || !isShown || !canUndo.value || (event.target as Element).matches(FIELDS)) return;
    event.preventDefault();
    undo();
    notify(forReading().undone);
  });
}
