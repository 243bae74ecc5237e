import { textsOf } from "./index.js";

export const kernels = textsOf({
  en: async () => (await import("./en/kernels.js")).kernels,
  de: async () => (await import("./de/kernels.js")).kernels,
  fr: async () => (await import("./fr/kernels.js")).kernels,
  es: async () => (await import("./es/kernels.js")).kernels,
});
