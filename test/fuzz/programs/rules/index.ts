import type { OpName } from "../program.js";
import { elementwise } from "./elementwise.js";
import { layers } from "./layers.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";
import type { Rule } from "./rule.js";
import { shapes } from "./shapes.js";

/** How every op is used in random programs. An op without a rule does not compile. */
export const rules: Readonly<Record<OpName, Rule>> = {
  ...elementwise,
  ...layers,
  ...products,
  ...reductions,
  ...shapes,
};
