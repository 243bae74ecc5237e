import { type Types, isText } from "../../../constraint/schema/value-types.js";
import { Characters, literal, NotACall, type Reading } from "./literals.js";

const python = { open: "(", assign: "=", close: ")", quotes: null };

/** An argument's text as JSON: a string where the argument is one, otherwise the value that it writes, in JSON or in Python. */
function elementValue(text: string, types: Types): string {
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

/** Gets a call while it is read. */
export interface CallSink {
  /** The name of a function. Throws `NotACall` for another one. */
  known(name: string): string;
  /** Types of a function's argument. */
  typesOf(name: string, argument: string): Types;
  /** A call, with the first characters of its arguments. */
  begin(name: string, given: string): void;
  /** Further characters of its arguments. */
  add(characters: string): void;
}

const LONGEST_NAME = 64;

/**
 * Reads `<function=f>`, a `<parameter=a>` for each argument, and `</function>`. The text between an argument's marks is a string as it is, but
 * for a line break at either end, or the value of another type. Strings are passed on as they come, other arguments when they are complete.
 */
export function* elementCall(from: Characters, to: CallSink): Reading {
  yield* from.expect("<function=");
  const name = to.known(yield* from.word(/[\w.-]/, LONGEST_NAME));
  yield* from.expect(">");
  yield* from.space();
  yield* from.expect("<");
  const seen = new Set<string>();
  while (from.char !== "/") {
    yield* from.expect("parameter=");
    const argument = yield* from.word(/[^<>\n]/);
    if (argument === "" || seen.has(argument)) throw new NotACall();
    yield* from.expect(">");
    const isFirst = seen.size === 0;
    const give = (text: string) => {
      if (isFirst) to.begin(name, `{${text}`);
      else to.add(`,${text}`);
      from.raw = "";
    };
    yield* argumentValue(from, to, `${JSON.stringify(argument)}:`, to.typesOf(name, argument), give);
    seen.add(argument);
    yield* from.space();
    yield* from.expect("<");
  }
  yield* from.expect("/function>");
  if (seen.size === 0) to.begin(name, "{}");
  else to.add("}");
}

/** @param give gets the beginning of the argument */
function* argumentValue(
  from: Characters,
  to: CallSink,
  key: string,
  types: Types,
  give: (text: string) => void,
): Reading {
  if (types.size === 1 && types.has("string")) {
    give(`${key}"`);
    yield* content(
      from,
      () => undefined,
      (text) => to.add(escaped(text)),
    );
    to.add('"');
  } else {
    let whole = "";
    yield* content(
      from,
      (character) => (from.raw += character),
      (text) => (whole += text),
    );
    give(key + elementValue(whole, types));
  }
  from.raw = "";
}

const END = "</parameter>";
const ENDS = [END, `\n${END}`];
const begins = (text: string) => ENDS.some((end) => end.startsWith(text));

/**
 * Reads up to an argument's end, which is left out as are the line breaks next to the marks.
 * @param read gets each character, `give` those of the argument
 */
function* content(from: Characters, read: (character: string) => void, give: (text: string) => void): Reading {
  if (from.char === "\n") yield* from.next();
  // What may be the end.
  let waiting = "";
  from.copy = (character) => {
    read(character);
    const next = waiting + character;
    waiting = begins(next) ? next : begins(character) ? character : "";
    if (waiting.length < next.length) give(next.slice(0, next.length - waiting.length));
  };
  while (!ENDS.includes(waiting)) {
    if (from.char === "") throw new NotACall();
    yield* from.next();
  }
  from.copy = null;
}

/** Characters within a string of JSON; half a character stays half of one. */
const escaped = (text: string) =>
  Array.from(text, (one) => (one < " " || one === '"' || one === "\\" ? JSON.stringify(one).slice(1, -1) : one)).join(
    "",
  );
