import { attention } from "./attention.js";
import { binary } from "./binary.js";
import { lookup } from "./lookup.js";
import { loss } from "./loss.js";
import { normalisation } from "./normalisation.js";
import { product } from "./product.js";
import { reduction } from "./reduction.js";
import type { OpName, OpRow } from "./row.js";
import { shape } from "./shape.js";
import { unary } from "./unary.js";

/** What is proved of every op, and with what. An op without a row does not compile. */
export const opRows: Record<OpName, OpRow> = {
  ...attention,
  ...binary,
  ...lookup,
  ...loss,
  ...normalisation,
  ...product,
  ...reduction,
  ...shape,
  ...unary,
};
