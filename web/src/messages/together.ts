import { textsOf } from "./index.js";

export const together = textsOf({
  en: async () => (await import("./en/together.js")).together,
  de: async () => (await import("./de/together.js")).together,
  fr: async () => (await import("./fr/together.js")).together,
  es: async () => (await import("./es/together.js")).together,
});
