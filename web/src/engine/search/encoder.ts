import { computed } from "@preact/signals";
import type { SearchTable } from "../../data/search-table.js";
import { isForeign } from "../../data/text-languages.js";
import { recognition } from "../../state/text-languages.js";
import { chosenEncoder } from "../chosen-encoder.js";
import { table, texts, use } from "./collection.js";
import { searchRun } from "./training.js";

/** The model that reads the texts. */
export const { encoder, choose: chooseEncoder } = chosenEncoder<SearchTable>({ table, use }, searchRun);

const recognised = recognition(() => {
  const now = table.value;
  return now && { from: [now.records, now.text], texts: () => texts.value!.texts };
});
/** The language of the texts. */
export const languages = recognised.found;

/**
 * Whether the model that reads the texts is known: "recognising" while their language is not, and "open" if it is not English and no model
 * was chosen for it. The English one would be downloaded, and read all texts, in vain.
 */
export const choice = computed((): "recognising" | "open" | "made" => {
  const [now, run] = [table.value, searchRun.value];
  if (now === null || now.encoder !== undefined || encoder.value !== "english" || run?.name === now.name) return "made";
  if (!recognised.isDone.value) return "recognising";
  return languages.value !== null && isForeign(languages.value) ? "open" : "made";
});
