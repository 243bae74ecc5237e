import { elementProgram } from "../program.js";

/** y ← value */
export const fill = elementProgram("fill", "value:f y*", "store(p.y + i, p.value);");
/** y ← x, any words */
export const copy = elementProgram("copy", "x* y*", "memory[p.y + i] = memory[p.x + i];");
/** y ← y + α·x */
export const axpy = elementProgram(
  "axpy",
  "alpha:f x* y*",
  "store(p.y + i, fma(p.alpha, load(p.x + i), load(p.y + i)));",
);
/** y ← α·x */
export const scale = elementProgram("scale", "alpha:f x* y*", "store(p.y + i, p.alpha * load(p.x + i));");
/** y ← y·f, f being one number in memory */
export const scaleBy = elementProgram("scale_by", "factor* y*", "store(p.y + i, load(p.factor) * load(p.y + i));");

/** flag ← 1 if a number is not finite; by bits, since compilers may assume that there is no NaN */
export const flagNonFinite = elementProgram(
  "flag_non_finite",
  "x* flag*",
  "if ((memory[p.x + i] & 0x7f800000u) == 0x7f800000u) { memory[p.flag] = 1u; }",
);

/** y[…] ← α·x[…] with four sizes and strides. */
export const copyStrided = elementProgram(
  "copy_strided",
  "n1 n2 n3 x* y* x0 x1 x2 x3 y0 y1 y2 y3 alpha:f accumulate",
  `let d3 = i % p.n3; var rest = i / p.n3;
  let d2 = rest % p.n2; rest /= p.n2;
  let d1 = rest % p.n1; let d0 = rest / p.n1;
  let source = p.x + d0 * p.x0 + d1 * p.x1 + d2 * p.x2 + d3 * p.x3;
  put(p.y + d0 * p.y0 + d1 * p.y1 + d2 * p.y2 + d3 * p.y3, p.alpha * load(source), p.accumulate);`,
);
