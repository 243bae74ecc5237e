import { unexpected } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import type { Graph } from "../../../graph/graph.js";
import { breather } from "../../../waiting/next-task.js";
import { stackedRows } from "../../../values/tensor.js";

/** A text of the corpus, by its place, and its score for a query. */
export interface Candidate {
  readonly text: number;
  readonly score: number;
}

/** Queries and texts of one product of matrices. */
const [QUERIES, TEXTS] = [64, 2048];

/** A list or an array of numbers, as far as its form says. */
const isNumbers = (value: unknown): value is ArrayLike<number> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);

/** Copies of vectors, of length 1; zeros stay zeros. Throws `ConfigError` for anything but finite vectors of one width. */
export function unitVectors(what: string, given: readonly ArrayLike<number>[], count: number): Float32Array[] {
  const first: unknown = Array.isArray(given) && given.length === count ? given[0] : undefined;
  const width = isNumbers(first) ? first.length : 0;
  if (width === 0) throw unexpected(what, "encoder", `what gives ${count} vectors for as many texts`, given);
  return given.map((vector, place) => {
    const copy = Float64Array.from(isNumbers(vector) ? vector : []);
    const length = Math.sqrt(copy.reduce((total, x) => total + x * x, 0));
    if (copy.length !== width || !Number.isFinite(length)) {
      const message = `${what}: the encoder's vector ${place} is not one of ${width} finite numbers`;
      throw new ConfigError(message, { op: what, option: "encoder", place, expected: width, actual: copy.length });
    }
    return Float32Array.from(copy, (x) => (length === 0 ? 0 : x / length));
  });
}

/**
 * The `count` texts of the largest dot product for each query, best first; of equals the earlier text. Time in proportion to queries times
 * texts, memory to the result.
 *
 * @param graph multiplies the vectors; without one they are multiplied here, which takes longer
 */
export async function nearestTexts(
  graph: Graph | undefined,
  queries: readonly Float32Array[],
  texts: readonly Float32Array[],
  count: number,
  signal: AbortSignal | undefined,
): Promise<Candidate[][]> {
  const best: Candidate[][] = queries.map(() => []);
  const breathe = breather(signal);
  for (let text = 0; text < texts.length; text += TEXTS) {
    const part = texts.slice(text, text + TEXTS);
    for (let query = 0; query < queries.length; query += QUERIES) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const rows = queries.slice(query, query + QUERIES);
      const scores = graph === undefined ? plainProducts(rows, part) : graphProducts(graph, rows, part);
      rows.forEach((_, i) => {
        const own = scores.subarray(i * part.length, (i + 1) * part.length);
        best[query + i] = merged(best[query + i]!, own, text, count);
      });
    }
  }
  return best;
}

/** The best of those that were found and of more scores, of texts from `first` on. */
function merged(found: Candidate[], scores: Float32Array, first: number, count: number): Candidate[] {
  const least = found.length < count ? -Infinity : found.at(-1)!.score;
  const better: Candidate[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! > least) better.push({ text: first + i, score: scores[i]! });
  if (better.length === 0) return found;
  // The sort is stable, and earlier texts come first.
  return [...found, ...better].sort((a, b) => b.score - a.score).slice(0, count);
}

function plainProducts(rows: readonly Float32Array[], columns: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(rows.length * columns.length);
  rows.forEach((a, i) => {
    columns.forEach((b, j) => {
      let total = 0;
      for (let d = 0; d < a.length; d++) total += a[d]! * b[d]!;
      result[i * columns.length + j] = total;
    });
  });
  return result;
}

function graphProducts(graph: Graph, rows: readonly Float32Array[], columns: readonly Float32Array[]): Float32Array {
  const matrix = (vectors: readonly Float32Array[]) => graph.constant(stackedRows(vectors));
  return graph.step(() => graph.value(graph.matmul(matrix(rows), matrix(columns), { transposeB: true })).data);
}
