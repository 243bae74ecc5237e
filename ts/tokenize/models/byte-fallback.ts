import type { JsonObject } from "../checks.js";

/**
 * A model's way of spelling what its vocabulary lacks: by its bytes in UTF-8, where it has `byte_fallback` and all of them are pieces; none
 * otherwise.
 */
export function byteFallback(
  model: JsonObject,
  ids: Pick<ReadonlyMap<string, number>, "has">,
): (text: string) => readonly string[] {
  if (model["byte_fallback"] !== true) return () => [];
  const encoder = new TextEncoder();
  return (text) => {
    const pieces = Array.from(encoder.encode(text), (byte) => `<0x${hex(byte)}>`);
    return pieces.every((piece) => ids.has(piece)) ? pieces : [];
  };
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");
