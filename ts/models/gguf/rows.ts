/**
 * Rows of queries or keys `[heads · d, in]` as Hugging Face has them, from the order in which GGUF files of some architectures have them:
 * there the two rows of a rotary pair stand side by side, here the first of all pairs come before the second of all.
 */
export function unpermuted(bytes: Uint8Array, rows: number, heads: number): Uint8Array {
  const [half, length] = [rows / heads / 2, bytes.length / rows];
  const result = new Uint8Array(bytes.length);
  for (let head = 0; head < heads; head++) {
    for (let part = 0; part < 2; part++) {
      for (let i = 0; i < half; i++) {
        const from = (head * 2 * half + 2 * i + part) * length;
        result.set(bytes.subarray(from, from + length), (head * 2 * half + part * half + i) * length);
      }
    }
  }
  return result;
}
