/** Names of the options of every model's loading. */
export const MODEL_OPTIONS = [
  "seed",
  "weights",
  "packedCopies",
  "allowNonFinite",
  "engine",
  "signal",
  "onProgress",
] as const;
