import { notation } from "../notation.js";

export const {
  n,
  isOne,
  some,
  fixed,
  significant,
  wholePercent,
  share,
  error,
  metric,
  points,
  odds,
  megabytes,
  kilobytes,
  duration,
  spanned,
  date,
  and,
} = notation("fr", { over: (share) => `plus de ${share}`, under: (share) => `moins de ${share}` });
