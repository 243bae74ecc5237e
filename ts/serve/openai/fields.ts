import { check } from "../../arguments/settings.js";
import type { Json } from "../../io/json.js";

/** The fields of a body, by name. */
export type Fields = Readonly<Record<string, Json>>;

/** OpenAI treats null as a field that is not there. */
export const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

/** The name of a model, where it may not be omitted. */
export const modelName = check<string>("a name that GET /v1/models lists", (value) => typeof value === "string");
