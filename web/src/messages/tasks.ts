import { textsOf } from "./index.js";

export const forTasks = textsOf({
  en: async () => (await import("./en/tasks.js")).forTasks,
  de: async () => (await import("./de/tasks.js")).forTasks,
  fr: async () => (await import("./fr/tasks.js")).forTasks,
  es: async () => (await import("./es/tasks.js")).forTasks,
});
