import { notation } from "../notation.js";

export const {
  n,
  isOne,
  some,
  fixed,
  significant,
  percent,
  wholePercent,
  megabytes,
  kilobytes,
  duration,
  spanned,
  date,
  and,
} = notation("fr");
