import {
  Characters,
  isSpace,
  jsonKey,
  jsonString,
  jsonValue,
  keyword,
  type KeywordStyle,
  literal,
  NotACall,
  type Reading,
} from "./literals.js";
import { type CallSink, elementCall } from "./element-call.js";
import type { ToolFamily } from "./families.js";
import type { ToolCallPiece } from "./tool-options.js";
import { type Types, ValueTypes } from "../../../constraint/schema/value-types.js";
import type { Schema } from "../../../constraint/schema/keywords.js";

/** What a further piece of a text completes. */
export interface ReadPiece {
  /** Content. */
  readonly text: string;
  /** Parts of calls. */
  readonly calls: readonly ToolCallPiece[];
}

/** Keys of a call in JSON beside name and arguments. */
const FURTHER = new Set(["id", "type"]);
const LONGEST_NAME = 64;

/**
 * Finds calls of known functions in generated text. What is no call is content; so is white space, but next to calls. A call that breaks off
 * after its arguments have begun stays as it is. Time is in proportion to the text, and how it is cut into pieces makes no difference.
 */
export class CallReader implements CallSink {
  private readonly from = new Characters();
  private readonly reading: Reading;
  private readonly firsts: ReadonlySet<string>;
  private readonly types = new Map<string, ValueTypes>();
  private text = "";
  private calls: { index: number; id?: string; name?: string; arguments: string }[] = [];
  private count = 0;
  /** Whether anything but white space was content, and whether a call was the last that was read. */
  private hasText = false;
  private afterCall = false;

  /**
   * @param functions the schema of arguments of each function, by its name
   * @param mixed whether calls may follow content. Where an answer is bound to JSON or calls, its JSON may have a string that reads as a call
   */
  constructor(
    private readonly family: ToolFamily,
    private readonly functions: ReadonlyMap<string, Schema>,
    private readonly idOf: (index: number) => string,
    private readonly mixed = true,
  ) {
    this.firsts = new Set([...family.open, ...family.close].map((mark) => mark[0]!));
    this.reading = this.read();
    this.reading.next();
  }

  /** Goes on with a piece; with `isLast`, the text ends behind it. */
  push(piece: string, isLast: boolean): ReadPiece {
    // By UTF-16 unit: pieces may be cut anywhere.
    for (let i = 0; i < piece.length; i++) this.reading.next(piece[i]!);
    if (isLast) this.reading.next("");
    const read = { text: this.text, calls: this.calls };
    [this.text, this.calls] = ["", []];
    return read;
  }

  private *read(): Reading {
    const { from } = this;
    from.char = yield;
    while (from.char !== "") {
      if (isSpace(from.char)) yield* from.next();
      else if (this.mayBegin()) yield* this.attempt();
      else {
        yield* from.next();
        this.flush();
      }
    }
    if (!this.afterCall) this.flush();
  }

  private mayBegin(): boolean {
    if (this.hasText && !this.mixed) return false;
    return this.firsts.has(this.from.char) || this.isBare();
  }

  /** Whether a call without a mark may begin here. */
  private isBare(): boolean {
    const { family, from } = this;
    if (!family.bare || this.hasText) return false;
    if (this.afterCall && from.char === ";") return true;
    return from.char === (family.keywords === null ? "{" : "[");
  }

  /** Reads a mark and what follows it; what turns out to be no call is content. */
  private *attempt(): Reading {
    const { from } = this;
    const [{ count }, calls] = [from, this.count];
    try {
      if (this.isBare()) yield* this.bare();
      else if (yield* this.mark()) yield* this.body();
      from.raw = "";
      this.afterCall = true;
    } catch (error) {
      if (!(error instanceof NotACall)) throw error;
      from.copy = null;
      // The text ended within a call that is certain.
      if (from.char === "" && this.count > calls) return void (from.raw = "");
      // A character that begins nothing is read all the same.
      if (from.count === count) yield* from.next();
      this.flush();
    }
  }

  private flush(): void {
    const { from } = this;
    if (from.raw === "") return;
    this.text += from.raw;
    from.raw = "";
    [this.hasText, this.afterCall] = [true, false];
  }

  /** Reads a mark; true for one that calls follow. A closing one follows a call. */
  private *mark(): Reading<boolean> {
    const { from, family } = this;
    const { open, close } = family;
    const all = [...open, ...close];
    let read = "";
    while (!all.includes(read)) {
      const next = read + from.char;
      if (from.char === "" || !all.some((mark) => mark.startsWith(next))) throw new NotACall();
      read = next;
      yield* from.next();
    }
    if (open.includes(read)) return true;
    if (!this.afterCall) throw new NotACall();
    return false;
  }

  private *bare(): Reading {
    // Llama separates calls by semicolons.
    if (this.from.char === ";") yield* this.from.next();
    else yield* this.body();
  }

  private *body(): Reading {
    const { from, family } = this;
    yield* from.space();
    if (from.char === "[") yield* this.list();
    else if (from.char === "{") yield* this.jsonCall();
    else if (family.named) yield* this.namedCall();
    else if (family.elements) yield* elementCall(from, this);
    else if (family.keywords !== null) yield* this.keywordCall(family.keywords);
    else throw new NotACall();
  }

  private *list(): Reading {
    const { from, family } = this;
    do {
      yield* from.next();
      yield* from.space();
      if (from.char === "{") yield* this.jsonCall();
      else if (family.keywords !== null) yield* this.keywordCall(family.keywords);
      else throw new NotACall();
      yield* from.space();
    } while (from.char === ",");
    yield* from.expect("]");
  }

  /** `{"name": …, "arguments": …}`, in any order. */
  private *jsonCall(): Reading {
    const { from } = this;
    let [name, given]: [string | null, string | null] = [null, null];
    yield* from.expect("{");
    yield* from.space();
    for (let isFirst = true; isFirst || from.char !== "}"; isFirst = false) {
      if (!isFirst) {
        yield* from.expect(",");
        yield* from.space();
      }
      const key = yield* jsonKey(from);
      if (key === "name" && name === null) name = this.known(yield* jsonString(from));
      else if ((key === "arguments" || key === "parameters") && given === null) given = yield* this.arguments(name);
      else if (FURTHER.has(key)) yield* jsonValue(from);
      else throw new NotACall();
      yield* from.space();
      if (name !== null && given !== null && given !== "") {
        this.begin(name, given);
        given = "";
      }
    }
    if (name === null) throw new NotACall();
    if (given === null) this.begin(name, "{}");
    yield* from.next();
  }

  /** Arguments in JSON: passed on as they come, which is "", or all of them where the name is not known yet. */
  private *arguments(name: string | null): Reading<string> {
    const { from } = this;
    if (from.char !== "{") throw new NotACall();
    let read = "";
    if (name === null) from.copy = (character) => void ((from.raw += character), (read += character));
    else {
      this.begin(name, "");
      from.copy = (character) => this.add(character);
    }
    yield* jsonValue(from);
    from.copy = null;
    return read;
  }

  /** `name[ARGS]{…}`, also with `[CALL_ID]…` in between. */
  private *namedCall(): Reading {
    const { from } = this;
    const name = this.known(yield* from.word(/[\w.-]/, LONGEST_NAME));
    yield* from.space();
    if (from.char === "[") {
      yield* from.next();
      const mark = yield* from.word(/[A-Z_]/, LONGEST_NAME);
      if (mark === "CALL_ID") {
        yield* from.expect("]");
        yield* from.word(/\w/, LONGEST_NAME);
        yield* from.expect("[ARGS");
      } else if (mark !== "ARGS") throw new NotACall();
      yield* from.expect("]");
      yield* from.space();
    }
    yield* this.arguments(name);
  }

  /** `name(a=1)`: each argument is passed on when it is complete. */
  private *keywordCall(style: KeywordStyle & { readonly before: string }): Reading {
    const { from } = this;
    yield* from.expect(style.before);
    const name = this.known(yield* from.word(/[\w.-]/, LONGEST_NAME));
    yield* from.expect(style.open);
    yield* from.space();
    const seen = new Set<string>();
    while (from.char !== style.close) {
      const key = yield* keyword(from, style);
      if (seen.has(key)) throw new NotACall();
      yield* from.space();
      yield* from.expect(style.assign);
      yield* from.space();
      const written = `${JSON.stringify(key)}:${yield* literal(from, style)}`;
      if (seen.size === 0) this.begin(name, `{${written}`);
      else this.add(`,${written}`);
      from.raw = "";
      seen.add(key);
      yield* from.space();
      if (from.char !== style.close) yield* from.expect(",");
      yield* from.space();
    }
    if (seen.size === 0) this.begin(name, "{}");
    else this.add("}");
    yield* from.next();
  }

  known(name: string): string {
    if (this.functions.has(name)) return name;
    throw new NotACall();
  }

  typesOf(name: string, argument: string): Types {
    const schema = this.functions.get(name)!;
    const types = this.types.get(name) ?? new ValueTypes(schema);
    this.types.set(name, types);
    const { properties, additionalProperties = true } = Object(schema) as {
      readonly properties?: unknown;
      readonly additionalProperties?: unknown;
    };
    const known = Object.hasOwn(Object(properties) as object, argument);
    return types.of(known ? (properties as Record<string, unknown>)[argument] : additionalProperties);
  }

  /** A call is certain: from here on it is no content. */
  begin(name: string, given: string): void {
    const index = this.count++;
    this.calls.push({ index, id: this.idOf(index), name, arguments: given });
    this.from.raw = "";
  }

  add(characters: string): void {
    const last = this.calls.at(-1);
    if (last?.index === this.count - 1) last.arguments += characters;
    else this.calls.push({ index: this.count - 1, arguments: characters });
  }
}
