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
} = notation("en", { over: (share) => `over ${share}`, under: (share) => `under ${share}` }, "en-GB");
