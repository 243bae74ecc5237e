import { elementProgram } from "../program.js";

/** y[j] ← table[index[j]] */
export const embeddingForward = elementProgram(
  "embedding_forward",
  "table* index* y* columns",
  "memory[p.y + i] = memory[p.table + memory[p.index + i / p.columns] * p.columns + i % p.columns];",
);
/** Adds g[j] to row index[j]: a thread for each column adds in order, so that sums have the same bits each time. `n` counts columns. */
export const embeddingGradient = elementProgram(
  "embedding_gradient",
  "g* index* table* count padding",
  `for (var j = 0u; j < p.count; j++) {
    let row = memory[p.index + j];
    if (row != p.padding) { let at = p.table + row * p.n + i; store(at, load(at) + load(p.g + j * p.n + i)); }
  }`,
);

const SELECT = "x* index* y* axis count inner";
/** y[o, j, i] ← x[o, index[j], i] */
export const indexSelect = elementProgram(
  "index_select",
  SELECT,
  `let inner = i % p.inner; let rest = i / p.inner; let j = rest % p.count; let outer = rest / p.count;
  memory[p.y + i] = memory[p.x + (outer * p.axis + memory[p.index + j]) * p.inner + inner];`,
);
/** y[o, index[j], i] += x[o, j, i]: a thread for each o and i. */
export const indexAdd = elementProgram(
  "index_add",
  SELECT,
  `let inner = i % p.inner; let outer = i / p.inner;
  for (var j = 0u; j < p.count; j++) {
    let at = p.y + (outer * p.axis + memory[p.index + j]) * p.inner + inner;
    store(at, load(at) + load(p.x + (outer * p.count + j) * p.inner + inner));
  }`,
);
/** y[o, j, i] ← x[o, index[o, j, i], i] */
export const gather = elementProgram(
  "gather",
  SELECT,
  `let inner = i % p.inner; let outer = i / p.inner / p.count;
  memory[p.y + i] = memory[p.x + (outer * p.axis + memory[p.index + i]) * p.inner + inner];`,
);
/** y[o, index[o, j, i], i] += x[o, j, i] */
export const scatterAdd = elementProgram(
  "scatter_add",
  SELECT,
  `let inner = i % p.inner; let outer = i / p.inner;
  for (var j = 0u; j < p.count; j++) {
    let place = (outer * p.count + j) * p.inner + inner;
    let at = p.y + (outer * p.axis + memory[p.index + place]) * p.inner + inner;
    store(at, load(at) + load(p.x + place));
  }`,
);

/** Mean of the rows of each sequence; 0 of none. */
export const meanPoolForward = elementProgram(
  "mean_pool_forward",
  "x* offsets* y* columns",
  `let sequence = i / p.columns; let column = i % p.columns;
  let first = memory[p.offsets + sequence]; let end = memory[p.offsets + sequence + 1u];
  var sum = 0.0;
  for (var r = first; r < end; r++) { sum += load(p.x + r * p.columns + column); }
  store(p.y + i, sum / max(1.0, f32(end - first)));`,
);
export const meanPoolGradient = elementProgram(
  "mean_pool_gradient",
  "g* offsets* dx* columns accumulate",
  `let sequence = i / p.columns; let column = i % p.columns;
  let first = memory[p.offsets + sequence]; let end = memory[p.offsets + sequence + 1u];
  let g = load(p.g + i) / max(1.0, f32(end - first));
  for (var r = first; r < end; r++) { put(p.dx + r * p.columns + column, g, p.accumulate); }`,
);
