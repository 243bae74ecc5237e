import type { Families } from "./family.js";

/** Code that is fetched when a call needs it, for workers of pages. */
export const onDemand: Families = {
  cross: async () => (await import("./cross.js")).cross,
  encoders: async () => (await import("./encoders.js")).encoders,
  jobs: async () => (await import("./jobs.js")).jobs,
  language: async () => (await import("./language.js")).language,
  storage: async () => (await import("./storage.js")).storage,
  tokens: async () => (await import("./tokens.js")).tokens,
};
