import { textsOf } from "./index.js";

export const textLanguage = textsOf({
  en: async () => (await import("./en/text-language.js")).textLanguage,
  de: async () => (await import("./de/text-language.js")).textLanguage,
  fr: async () => (await import("./fr/text-language.js")).textLanguage,
  es: async () => (await import("./es/text-language.js")).textLanguage,
});
