import { expect } from "vitest";

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Whether typed arrays are of one class and have the same bits: then they are equal. Anything else is left to vitest, whose comparison makes a
 * list of texts and numbers of every array: a microsecond for each element, a minute for a model's file.
 */
function haveSameBits(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
  if (a.constructor !== b.constructor || a.byteLength !== b.byteLength) return undefined;
  const [some, others] = [bytesOf(a), bytesOf(b)];
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return undefined;
  return true;
}

expect.addEqualityTesters([haveSameBits]);
