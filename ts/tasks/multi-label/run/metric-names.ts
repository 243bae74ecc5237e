/** The metrics of a run, in the order in which they are shown. */
export const MULTI_LABEL_METRICS = ["f1Micro", "f1Macro", "map", "exactMatch", "loss"] as const;
