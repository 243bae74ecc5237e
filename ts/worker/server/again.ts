import type { MadeKind } from "../../io/made-from.js";
import { cachedAgain } from "../../io/page/cached-again.js";
import { keptSources } from "../../training/sources/kept-sources.js";
import { opfsStore } from "../../training/store/opfs-store.js";

/** How a worker recreates objects of its page. */
export const makers: Readonly<Record<MadeKind, (from: never) => object>> = {
  "cached model": cachedAgain,
  "OPFS store": opfsStore,
  "kept sources": keptSources,
};
