import { notation } from "../notation.js";

export const {
  n,
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
} = notation("de", { over: (share) => `über ${share}`, under: (share) => `unter ${share}` });
