import { textsOf } from "./index.js";

export const forReading = textsOf({
  en: async () => (await import("./en/main.js")).forReading,
  de: async () => (await import("./de/main.js")).forReading,
  fr: async () => (await import("./fr/main.js")).forReading,
  es: async () => (await import("./es/main.js")).forReading,
});
