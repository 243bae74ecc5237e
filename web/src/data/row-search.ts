import type { Row } from "./rows.js";
import { labelsOf, type Target } from "./target.js";

/** Whether a row's text or label contains what is searched for, in lower case. Marked words have their labels' names, not their JSON. */
export function contains({ text, label }: Row, wanted: string, target: Target): boolean {
  const said = target.task === "tokens" ? labelsOf(label, target) : [label];
  return [text, ...said].some((part) => part.toLowerCase().includes(wanted));
}
