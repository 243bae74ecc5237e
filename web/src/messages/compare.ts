import { textsOf } from "./index.js";

export const compare = textsOf({
  en: async () => (await import("./en/compare.js")).compare,
  de: async () => (await import("./de/compare.js")).compare,
  fr: async () => (await import("./fr/compare.js")).compare,
  es: async () => (await import("./es/compare.js")).compare,
});
