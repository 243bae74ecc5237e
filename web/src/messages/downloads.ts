import { textsOf } from "./index.js";

export const downloads = textsOf({
  en: async () => (await import("./en/downloads.js")).downloads,
  de: async () => (await import("./de/downloads.js")).downloads,
  fr: async () => (await import("./fr/downloads.js")).downloads,
  es: async () => (await import("./es/downloads.js")).downloads,
});
