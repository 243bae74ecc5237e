import type { MadeKind } from "../../io/made-from.js";
import { keptAgain } from "../../io/page/kept-again.js";
import { keptSources } from "../../training/sources/kept-sources.js";
import { opfsStore } from "../../training/store/opfs-store.js";

/** What a worker makes again of what its page has. */
export const makers: Readonly<Record<MadeKind, (from: never) => object>> = {
  "kept model": keptAgain,
  "OPFS store": opfsStore,
  "kept sources": keptSources,
};
