import { computed } from "@preact/signals";
import { labels, project, rows, target } from "../state/project.js";
import { isOf, run } from "../state/runs.js";
import { examplesOf } from "./classify.js";

/** Fewest rows that say a label's new name: that of a single row may have been corrected. */
const FEWEST = 2;

/** New names of the shown run's labels that the table has no more: what most of their rows have instead. */
const renamed = computed((): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const shown = run.value;
  if (shown === null || !isOf("classify", shown) || project.value === null || target.value.task !== "classify")
    return names;
  const there = new Set(labels.value.map(([label]) => label));
  const gone = new Map(
    shown.labels.filter((label) => !there.has(label)).map((label) => [label, new Map<string, number>()]),
  );
  if (gone.size === 0) return names;
  const now = new Map(rows.value.map(({ text, label }) => [text, label]));
  for (const { text, label } of examplesOf(shown)) {
    const [counts, name] = [gone.get(label), now.get(text)];
    if (counts !== undefined && name !== undefined && name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [label, counts] of gone) {
    const [name, most] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (most >= FEWEST && 2 * most > all) names.set(label, name);
  }
  return names;
});

/** What a label of the shown run is called in the table: its own name, or the one that the user gave it since the training. */
export const nameNow = (label: string): string => renamed.value.get(label) ?? label;
