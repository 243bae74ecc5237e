import { textsOf } from "./index.js";

export const format = textsOf({
  en: async () => (await import("./en/format.js")).format,
  de: async () => (await import("./de/format.js")).format,
  fr: async () => (await import("./fr/format.js")).format,
  es: async () => (await import("./es/format.js")).format,
});
