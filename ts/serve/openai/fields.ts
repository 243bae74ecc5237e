import type { Json } from "../../io/json.js";

/** The fields of a body, by name. */
export type Fields = Readonly<Record<string, Json>>;

/** OpenAI treats null as a field that is not there. */
export const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
