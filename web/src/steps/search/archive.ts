import { strToU8 } from "fflate";
import { texts } from "../../engine/search/collection.js";
import { saveIndex } from "../../engine/search/indexes.js";
import { indexedAdapter } from "../../engine/search/indexing.js";
import { savedNames } from "../../engine/search/saved-search.js";
import { zipped } from "../../storage/zip.js";

/** The folder "search": the adapter if there is one, the index, and the texts by their numbers in the index. */
export async function searchZip(): Promise<Uint8Array> {
  const now = indexedAdapter.value;
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

/** Files by path as folders. */
function nested(files: Readonly<Record<string, Uint8Array>>) {
  const folders: Record<string, Record<string, Uint8Array> | Uint8Array> = {};
  for (const [path, bytes] of Object.entries(files)) {
    const [name, inner] = path.split("/") as [string, string?];
    if (inner === undefined) folders[name] = bytes;
    else folders[name] = { ...(folders[name] as Record<string, Uint8Array> | undefined), [inner]: bytes };
  }
  return folders;
}
