import { textsOf } from "./index.js";

export const judged = textsOf({
  en: async () => (await import("./en/judged.js")).judged,
  de: async () => (await import("./de/judged.js")).judged,
  fr: async () => (await import("./fr/judged.js")).judged,
  es: async () => (await import("./es/judged.js")).judged,
});
