import { textsOf } from "./index.js";

export const chat = textsOf({
  en: async () => (await import("./en/chat.js")).chat,
  de: async () => (await import("./de/chat.js")).chat,
  fr: async () => (await import("./fr/chat.js")).chat,
  es: async () => (await import("./es/chat.js")).chat,
});
