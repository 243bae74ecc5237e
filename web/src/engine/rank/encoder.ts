import type { JudgedTable } from "../../data/judged-table.js";
import { recognition } from "../../state/text-languages.js";
import { chosenEncoder } from "../chosen-encoder.js";
import { judged, table, use } from "./collection.js";
import { rankRun } from "./training.js";

/** The model that reads the texts, unless a reranker is trained: that one is compared with its own. */
export const { encoder, choose: chooseEncoder } = chosenEncoder<JudgedTable>({ table, use }, rankRun);

/** The language of the texts. */
export const { found: languages } = recognition(() => {
  const now = table.value;
  return now && { from: [now.records, now.text], texts: () => judged.value!.rows.map(({ text }) => text) };
});
