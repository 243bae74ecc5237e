import { lazyChunk } from "../../waiting/lazy-chunk.js";

/** What opens a classifier or a regressor with its encoder. */
export const opener = /* @__PURE__ */ lazyChunk(async () => {
  const { openedParts, openedRegressor, openedRun } = await import("./opened-parts.js");
  return { openedParts, openedRegressor, openedRun };
});
