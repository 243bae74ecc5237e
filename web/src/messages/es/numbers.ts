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
} = notation("es", { over: (share) => `más del ${share}`, under: (share) => `menos del ${share}` });
