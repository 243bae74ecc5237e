import { computed } from "@preact/signals";
import { findingsIn } from "../data/findings.js";
import { project, target } from "./project.js";

/** Possible problems of the open table. */
export const findings = computed(() => {
  const now = project.value;
  return now === null
    ? []
    : findingsIn(now.rows, { ...now.table, text: now.text, label: now.label, more: now.more }, target.value);
});
/** Whether one of them prevents training. */
export const stops = computed(() => findings.value.some((finding) => finding.stops));
