import { textsOf } from "./index.js";

export const forReading = textsOf({
  en: async () => (await import("./en/reading.js")).forReading,
  de: async () => (await import("./de/reading.js")).forReading,
  fr: async () => (await import("./fr/reading.js")).forReading,
  es: async () => (await import("./es/reading.js")).forReading,
});
