import { isText, type Types } from "../../../../constraint/schema/value-types.js";
import { Characters, NotACall, type Reading } from "../characters.js";
import { literal } from "../literals.js";

const python = { open: "(", assign: "=", close: ")", quotes: null };

/** An argument's text as JSON: a string where the argument is one, otherwise the value that it writes, in JSON or in Python. */
export function elementValue(text: string, types: Types): string {
  const isNull = types.has("null") && /^\s*(?:null|None)\s*$/.test(text);
  if (isNull) return "null";
  return (isText(types) ? null : literalOf(text)) ?? JSON.stringify(text);
}

/** The value that a whole text writes, as JSON; null if it writes none. */
function literalOf(text: string): string | null {
  const from = new Characters();
  const reading = wholeLiteral(from);
  try {
    reading.next();
    for (const character of text) reading.next(character);
    return reading.next("").value ?? null;
  } catch (error) {
    if (error instanceof NotACall) return null;
    throw error;
  }
}

function* wholeLiteral(from: Characters): Reading<string> {
  from.char = yield;
  yield* from.space();
  const json = yield* literal(from, python);
  yield* from.space();
  if (from.char !== "") throw new NotACall();
  return json;
}
