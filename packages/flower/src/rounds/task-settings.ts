/** Settings of a task that say how data are read: each node's own. */
export const columnSettings = [
  "task",
  "text",
  "label",
  "labelNames",
  "multiLabel",
  "labelSeparator",
  "labelColumns",
  "fields",
  "weights",
] as const;

/** Settings of a task that the server sets for all nodes. Others, such as paths and columns, are a node's own. */
export const serverSettings = [
  "loss",
  "scale",
  "matryoshka",
  "miniBatch",
  "beta",
  "labelSmoothing",
  "simpoGamma",
  "desirableWeight",
  "undesirableWeight",
] as const;
