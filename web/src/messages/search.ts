import { textsOf } from "./index.js";

export const search = textsOf({
  en: async () => (await import("./en/search.js")).search,
  de: async () => (await import("./de/search.js")).search,
  fr: async () => (await import("./fr/search.js")).search,
  es: async () => (await import("./es/search.js")).search,
});
