import { schemaOfShape, type Shape, shapeOf } from "./fields.js";
import { isRecord } from "./records.js";

/** A function that a model may call. */
export interface CallableFunction {
  readonly name: string;
  readonly description: string;
  /** Arguments of the function. */
  readonly parameters: Shape;
}

/** A function as chat templates describe it. */
export const toolOf = ({ name, description, parameters }: CallableFunction) => ({
  type: "function" as const,
  function: { name, ...(description !== "" && { description }), parameters: schemaOfShape(parameters) },
});

/** Names that functions may have. */
export const FUNCTION_NAME = /^[\w-]{1,64}$/;

/** Why functions cannot be read: a key of the messages, and the function's number. */
export interface FunctionProblem {
  readonly kind: "noFunction" | "name" | "parameters" | "twice";
  readonly place: number;
}

/**
 * Functions in JSON: one or a list, as OpenAI's API has them (`{ type, function }`), or the inner objects alone.
 */
export function functionsFrom(value: unknown): readonly CallableFunction[] | FunctionProblem {
  const found: CallableFunction[] = [];
  for (const [place, item] of (Array.isArray(value) ? (value as unknown[]) : [value]).entries()) {
    const own = isRecord(item) && isRecord(item["function"]) ? item["function"] : item;
    if (!isRecord(own)) return { kind: "noFunction", place };
    const { name, description, parameters = { type: "object", properties: {} } } = own;
    if (typeof name !== "string" || !FUNCTION_NAME.test(name)) return { kind: "name", place };
    if (!isRecord(parameters)) return { kind: "parameters", place };
    if (found.some((other) => other.name === name)) return { kind: "twice", place };
    found.push({
      name,
      description: typeof description === "string" ? description : "",
      parameters: shapeOf(parameters),
    });
  }
  return found;
}
