/** Writes 32-bit fields one by one, since `set` of a list costs as much as a small kernel. */
export function writeWords(words: Int32Array, fields: readonly number[], at = 0): void {
  for (let i = 0; i < fields.length; i++) words[at + i] = fields[i]!;
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The bits of a float32, as an integer. */
export function bitsOf(value: number): number {
  float[0] = value;
  return bits[0]!;
}
