import { range } from "../program.js";
import { type Addend, fromPanels } from "./product.js";

/** Low-rank matrices that a product adds at most: query, key and value. */
export const MOST_UPDATES = 3;

const FIELDS = ["u*", "rank", "factor:f", "b*", "bRow", "bCol", "top", "bottom", "left", "right"];
const NAMES = FIELDS.map((field) => field.replace(/[*:].*/, ""));

/**
 * Adds s·U·B of up to three adapters to rows `top` to `bottom` and columns `left` to `right` of a tile: their ranks are further steps over k in
 * the sums that the tile has in registers, so that C is written once (as LoRAFusion's kernel `fused_lora_xw_sb`). U `[rows, rank]` is
 * contiguous. Elements outside an adapter's rows and columns are not touched, even where it is not finite.
 */
export const lowRank: Addend = {
  parameters: `updates ${range(MOST_UPDATES)
    .flatMap((i) => FIELDS.map((field) => field.replace(/^\w+/, `$&_${i}`)))
    .join(" ")}`,
  functions: `
struct Update { ${NAMES.map((name) => `${name}: ${name === "factor" ? "f32" : "u32"}`).join(", ")} }
fn update_of(i: u32) -> Update {
  ${range(MOST_UPDATES)
    .slice(1)
    .map((i) => `if (i == ${i}u) { return Update(${NAMES.map((name) => `p.${name}_${i}`).join(", ")}); }`)
    .join("\n  ")}
  return Update(${NAMES.map((name) => `p.${name}_0`).join(", ")});
}`,
  code(tile) {
    const { rows, columns, side, depth, tallStride, wideStride } = tile;
    return `
  for (var i = 0u; i < p.updates; i++) {
    let to = update_of(i);
    if (to.bottom <= top || to.top >= top + ${side * rows}u || to.right <= first || to.left >= first + ${side * columns}u) { continue; }
    ${range(rows)
      .map((r) => `let isRow${r} = row + ${side * r}u >= to.top && row + ${side * r}u < to.bottom;`)
      .join("\n    ")}
    ${range(columns)
      .map((c) => `let isColumn${c} = column + ${side * c}u >= to.left && column + ${side * c}u < to.right;`)
      .join("\n    ")}
    for (var start = 0u; start < to.rank; start += ${depth}u) {
      for (var e = index; e < ${side * rows * depth}u; e += ${side * side}u) {
        let r = top + e / ${depth}u; let d = e % ${depth}u;
        var x = 0.0;
        if (r >= to.top && r < to.bottom && start + d < to.rank) { x = to.factor * load(to.u + (r - to.top) * to.rank + start + d); }
        left_panel[d * ${tallStride}u + e / ${depth}u] = x;
      }
      for (var e = index; e < ${side * columns * depth}u; e += ${side * side}u) {
        var d = e / ${side * columns}u; var c = e % ${side * columns}u;
        if (to.bCol != 1u) { d = e % ${depth}u; c = e / ${depth}u; }
        let place = first + c;
        var y = 0.0;
        if (start + d < to.rank && place >= to.left && place < to.right) { y = load(to.b + (start + d) * to.bRow + (place - to.left) * to.bCol); }
        right_panel[d * ${wideStride}u + c] = y;
      }
      workgroupBarrier();
      for (var d = 0u; d < min(${depth}u, to.rank - start); d++) {
        ${fromPanels(tile)}
        ${range(rows)
          .flatMap((r) =>
            range(columns).map(
              (c) => `s${r}${c} = select(s${r}${c}, fma(x${r}, y${c}, s${r}${c}), isRow${r} && isColumn${c});`,
            ),
          )
          .join("\n        ")}
      }
      workgroupBarrier();
    }
  }`;
  },
};
