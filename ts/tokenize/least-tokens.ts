import { isJsonObject, type Json } from "../io/json.js";
import type { JsonObject } from "./checks.js";
import { bytesByCharacter } from "./byte-characters.js";
import { byteToken } from "./models/byte-fallback.js";
import { stepsOf } from "./text-steps.js";

/**
 * A lower bound on the number of a text's tokens, in one pass over its characters: their number divided by the length of the longest token. It
 * is known for byte-pair models whose steps keep every character; others, such as WordPiece, make one token of a word of any length, and for
 * them it is 0.
 */
export function leastTokens({ model, normalizer, pre_tokenizer, added_tokens }: JsonObject): (text: string) => number {
  const steps = stepsOf(pre_tokenizer, "pretokenizers");
  const isKnown =
    stepsOf(normalizer, "normalizers").every(keepsLength) &&
    steps.every(keepsAll) &&
    isJsonObject(model) &&
    model["type"] === "BPE" &&
    spellsAll(model, steps);
  if (!isKnown) return () => 0;
  const added = (added_tokens ?? []) as readonly JsonObject[];
  // Such a token includes white space of any length.
  const strips = added.some(({ lstrip, rstrip }) => lstrip === true || rstrip === true);
  const contents = added.map(({ content }) => content as string);
  let longest = 0;
  return (text) => {
    if (longest === 0)
      for (const token of [...Object.keys(model["vocab"] as object), ...contents])
        longest = Math.max(longest, token.length);
    // The only step that shortens texts.
    const composed = text.normalize("NFC");
    const counted = strips ? composed.replace(/[\s\p{White_Space}]+/gu, "") : composed;
    return Math.ceil(counted.length / longest);
  };
}

const fieldOf = (step: Json, name: string) => (isJsonObject(step) ? step[name] : undefined);

/** Normalizers after which a text is no shorter, composing aside. */
function keepsLength(step: Json): boolean {
  const type = fieldOf(step, "type");
  if (type === "NFC" || type === "Prepend") return true;
  const replaced = fieldOf(fieldOf(step, "pattern") ?? null, "String");
  if (type !== "Replace" || typeof replaced !== "string") return false;
  return String(fieldOf(step, "content") ?? "").length >= replaced.length;
}

/** Pre-tokenizers that remove nothing. */
function keepsAll(step: Json): boolean {
  const type = fieldOf(step, "type");
  if (type === "Split") return fieldOf(step, "behavior") !== "Removed";
  if (type === "Metaspace") return fieldOf(step, "replacement") !== "";
  return type === "ByteLevel" || type === "Digits";
}

/** Whether every character becomes a piece of its own at first: itself, its bytes or an unknown token. */
function spellsAll(model: JsonObject, steps: readonly Json[]): boolean {
  const vocabulary = model["vocab"] as object;
  if (typeof model["unk_token"] === "string" && model["fuse_unk"] !== true) return true;
  const isBytes = steps.some((step) => fieldOf(step, "type") === "ByteLevel");
  if (!isBytes && model["byte_fallback"] !== true) return false;
  const pieces = isBytes ? [...bytesByCharacter().keys()] : Array.from({ length: 256 }, (_, byte) => byteToken(byte));
  return pieces.every((piece) => Object.hasOwn(vocabulary, piece));
}
