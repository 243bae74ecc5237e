import { cacheModel } from "../../../io/page/cache-model.js";
import { cachedModel, cachedModels, clearCache } from "../../../io/page/cached-model.js";
import type { AnyFunction, Family } from "./family.js";

/** Models that the browser keeps. */
export const storage: Family = {
  functions: {
    cacheModel: cacheModel as AnyFunction,
    cachedModel: cachedModel as AnyFunction,
    cachedModels,
    clearCache: clearCache as AnyFunction,
  },
};
