import { textsOf } from "./index.js";

export const rank = textsOf({
  en: async () => (await import("./en/rank.js")).rank,
  de: async () => (await import("./de/rank.js")).rank,
  fr: async () => (await import("./fr/rank.js")).rank,
  es: async () => (await import("./es/rank.js")).rank,
});
