import { sizeOf } from "../../../ts/values/tensor.js";
import { elements } from "./numbers.js";
import type { Numbers, Program, Statement } from "./program.js";
import { storedMatrix } from "./stored.js";
import type { Event, Mask } from "./run.js";

/** What PyTorch is asked: the program with its numbers written out, and what dropout kept. */
export interface Question {
  readonly program: object;
  readonly masks: Readonly<Record<string, Mask>>;
}

/** One event as PyTorch has it: base64 of float64 values and of float32 tolerances, null where there is no gradient. */
export interface AnswerEvent {
  readonly what: Event["what"];
  readonly id: number;
  readonly value: string | null;
  readonly tolerance: string | null;
}

/** What PyTorch answers. */
export type Answer = { readonly torch: string; readonly events: AnswerEvent[] } | { readonly failure: string };

export function question(program: Program, masks: ReadonlyMap<number, Mask>): Question {
  return { program: { ...program, body: program.body.map(filled) }, masks: Object.fromEntries(masks) };
}

/** A statement with numbers in place of the seed they come from. */
function filled(statement: Statement): object {
  const numbers = ({ shape, data }: { shape: number[]; data: Numbers }) => toBase64(elements(sizeOf(shape), data));
  if ("body" in statement) return { ...statement, body: statement.body.map(filled) };
  if (statement.do === "store" || statement.do === "setStored") {
    return { ...statement, data: toBase64(storedMatrix(statement).values) };
  }
  if (statement.do === "leaf" || statement.do === "setValue") return { ...statement, data: numbers(statement) };
  if (statement.do !== "backward" || statement.gradient === null) return statement;
  return { ...statement, gradient: { shape: statement.gradient.shape, data: numbers(statement.gradient) } };
}

export function toBase64(array: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): string {
  return btoa(Array.from(new Uint8Array(array.buffer), (byte) => String.fromCharCode(byte)).join(""));
}

export function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
