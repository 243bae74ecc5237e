import { textsOf } from "./index.js";

export const progress = textsOf({
  en: async () => (await import("./en/progress.js")).progress,
  de: async () => (await import("./de/progress.js")).progress,
  fr: async () => (await import("./fr/progress.js")).progress,
  es: async () => (await import("./es/progress.js")).progress,
});
