import type { ModelError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { isJsonObject, type Json } from "../io/json.js";

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** Creates the error for a problem at a place of the file. */
export type Failure = (problem: string) => ModelError;

/** Longest text, in characters, that a file may insert into every text: longer ones would make short texts long. */
const LONGEST_INSERT = 256;

/** A value of a file with its place: its methods check the type, and errors name the place. */
export class Field {
  private constructor(
    readonly value: Json | undefined,
    private readonly place: string,
    private readonly fail: Failure,
  ) {}

  static root(value: Json, fail: Failure): Field {
    return new Field(value, "", fail);
  }

  /** A member of an object; undefined if missing. */
  at(key: string): Field {
    const { value } = this;
    const member = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return new Field(member, this.place === "" ? key : `${this.place}.${key}`, this.fail);
  }

  get isMissing(): boolean {
    return this.value === undefined || this.value === null;
  }

  wrong(expected: string): ModelError {
    const got = this.value === undefined ? "nothing" : excerpt(this.value);
    return this.fail(`expected ${this.place} to be ${expected}, got ${got}`);
  }

  unsupported(what: string): ModelError {
    return this.fail(`${this.place}: ${what}`);
  }

  object(): JsonObject {
    if (isJsonObject(this.value)) return this.value;
    throw this.wrong("an object");
  }

  items(most = Infinity): Field[] {
    if (!Array.isArray(this.value) || this.value.length > most)
      throw this.wrong(most === Infinity ? "a list" : `a list of at most ${most}`);
    return this.value.map((item: Json, i) => new Field(item, `${this.place}[${i}]`, this.fail));
  }

  text(): string {
    if (typeof this.value === "string") return this.value;
    throw this.wrong("a string");
  }

  /** A text to insert into other texts; "" if missing. */
  insert(): string {
    if (this.isMissing) return "";
    if (this.text().length <= LONGEST_INSERT) return this.text();
    throw this.wrong(`at most ${LONGEST_INSERT} characters`);
  }

  whole(least: number, most: number): number {
    if (Number.isSafeInteger(this.value) && (this.value as number) >= least && (this.value as number) <= most)
      return this.value as number;
    throw this.wrong(`a whole number from ${least} to ${most}`);
  }

  /** True, false, or not there. */
  flag(): boolean {
    if (this.isMissing || typeof this.value === "boolean") return this.value === true;
    throw this.wrong("true or false");
  }

  textOrNone(): string | null {
    return this.isMissing ? null : this.text();
  }

  /** One of some strings, or not there. */
  oneOf(known: readonly string[]): void {
    if (!this.isMissing && !known.includes(this.value as string))
      throw this.wrong(known.map((name) => `"${name}"`).join(" or "));
  }
}

/** Ids of tokens in a file: as the kernels take them. */
export const MAX_ID = 2 ** 31 - 1;

/** The type of a step of tokenizer.json; null for no step. */
export const stepType = (step: Json | undefined) => (isJsonObject(step) ? step["type"] : null);
