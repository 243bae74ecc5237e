import type { JsonObject } from "../checks.js";

/**
 * Spells characters that the vocabulary lacks as UTF-8 bytes, if the model has `byte_fallback` and all bytes are pieces; otherwise null.
 */
export function byteFallback(
  model: JsonObject,
  ids: Pick<ReadonlyMap<string, number>, "has">,
): (text: string) => readonly string[] {
  if (model["byte_fallback"] !== true) return () => [];
  const encoder = new TextEncoder();
  return (text) => {
    const pieces = Array.from(encoder.encode(text), byteToken);
    return pieces.every((piece) => ids.has(piece)) ? pieces : [];
  };
}

/** Whether bytes can spell every character that the vocabulary lacks. */
export const spellsAllBytes = (model: JsonObject, ids: Pick<ReadonlyMap<string, number>, "has">): boolean =>
  model["byte_fallback"] === true &&
  Array.from({ length: 256 }, (_, byte) => byteToken(byte)).every((piece) => ids.has(piece));

/** The piece of a byte. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
