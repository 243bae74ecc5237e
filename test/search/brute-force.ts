import { type IndexFormat, quantizeVectors, type Similarity } from "../../ts/index.js";

/** Vectors with values around 0, of different lengths. */
export function randomVectors(count: number, dimensions: number, seed: number): Float32Array[] {
  let state = seed * 2_654_435_761 + 12_345;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  return Array.from({ length: count }, () => {
    const length = 0.5 + uniform();
    return Float32Array.from({ length: dimensions }, () => length * (uniform() + uniform() + uniform() - 1.5));
  });
}

function scaled(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Scores of all vectors in float64, of what a format stores; and the same, best first. */
export function bruteForce(
  vectors: readonly Float32Array[],
  asked: Float32Array,
  { format, similarity }: { readonly format: IndexFormat; readonly similarity: Similarity },
): { scores: number[]; sorted: number[] } {
  const [rows, query] = similarity === "cosine" ? [vectors.map(scaled), scaled(asked)] : [vectors, asked];
  const least = query.map((_, i) => Math.min(...rows.map((row) => row[i]!)));
  const most = query.map((_, i) => Math.max(...rows.map((row) => row[i]!)));
  const steps = most.map((value, i) => Math.fround(value - least[i]!) / 255).map((step) => step || 1);
  const codes = quantizeVectors(rows, "uint8", [least, most]);
  const stored = {
    float32: (row: number, i: number) => rows[row]![i]!,
    int8: (row: number, i: number) => codes[row]![i]! * steps[i]! + least[i]!,
    binary: (row: number, i: number) => Number(rows[row]![i]! > 0),
  };
  const scores = rows.map((_, row) => {
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += query[i]! * stored[format](row, i);
    return sum;
  });
  return { scores, sorted: [...scores].sort((a, b) => b - a) };
}
