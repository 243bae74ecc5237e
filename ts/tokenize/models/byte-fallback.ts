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

/** The piece of a byte. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
