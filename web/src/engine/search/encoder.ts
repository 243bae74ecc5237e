import type { SearchTable } from "../../data/search-table.js";
import { recognised } from "../../state/text-languages.js";
import { chosenEncoder } from "../chosen-encoder.js";
import { table, texts, use } from "./collection.js";
import { searchRun } from "./training.js";

/** The model that reads the texts. */
export const { encoder, choose: chooseEncoder } = chosenEncoder<SearchTable>({ table, use }, searchRun);

/** The language of the texts. */
export const languages = recognised(() => {
  const now = table.value;
  return now && { from: [now.records, now.text], texts: () => texts.value!.texts };
});
