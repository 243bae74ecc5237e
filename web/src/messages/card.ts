import { textsOf } from "./index.js";

export const card = textsOf({
  en: async () => (await import("./en/card.js")).card,
  de: async () => (await import("./de/card.js")).card,
  fr: async () => (await import("./fr/card.js")).card,
  es: async () => (await import("./es/card.js")).card,
});
