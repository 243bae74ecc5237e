import { strToU8 } from "fflate";
import { texts } from "../../engine/search/collection.js";
import { saveIndex } from "../../engine/search/indexes.js";
import { indexedAdapter } from "../../engine/search/indexing.js";
import { savedNames } from "../../engine/search/saved-search.js";
import { nested, zipped } from "../../storage/zip.js";

/** The folder "search": the adapter unless it is the search without training, the index, and the texts by their numbers in the index. */
export async function searchZip(which: "base" | "adapted"): Promise<Uint8Array> {
  const now = which === "base" ? null : indexedAdapter.value;
  const all = texts.value!.texts;
  const index = await saveIndex(now === null ? "base" : "adapted");
  return zipped({
    search: {
      ...(now !== null && { [savedNames.adapter]: nested(now.files) }),
      [savedNames.index]: index,
      [savedNames.texts]: strToU8(`${JSON.stringify(all)}\n`),
    },
  });
}
