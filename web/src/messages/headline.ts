import { textsOf } from "./index.js";

export const headline = textsOf({
  en: async () => (await import("./en/headline.js")).headline,
  de: async () => (await import("./de/headline.js")).headline,
  fr: async () => (await import("./fr/headline.js")).headline,
  es: async () => (await import("./es/headline.js")).headline,
});
