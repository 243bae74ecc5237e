import type { ops } from "../../../ts/ops/index.js";
import { activations } from "./activations.js";
import { attentions } from "./attention.js";
import type { Case } from "./check.js";
import { elementwise } from "./elementwise.js";
import { layers } from "./layers.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";
import { shapes } from "./shapes.js";

/** Inputs at which every op is differentiated. An op without a row does not compile. */
export const gradientCases: Record<keyof typeof ops, Case[]> = {
  ...activations,
  ...attentions,
  ...elementwise,
  ...layers,
  ...products,
  ...reductions,
  ...shapes,
};
