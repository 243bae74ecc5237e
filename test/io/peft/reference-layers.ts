import { type AdaptedWeights, multiply, type Rows, transpose } from "./adapted-weights.js";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

export function layerNorm(weights: AdaptedWeights, path: string, x: Rows, epsilon: number): Rows {
  const [gain, shift] = [weights.vector(`${path}.weight`), weights.vector(`${path}.bias`)];
  return x.map((values) => {
    const centre = mean(values);
    const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)) + epsilon);
    return values.map((value, j) => ((value - centre) / deviation) * gain[j]! + shift[j]!);
  });
}

export function rmsNorm(weights: AdaptedWeights, path: string, x: Rows, epsilon: number): Rows {
  const gain = weights.vector(`${path}.weight`);
  return x.map((values) => {
    const root = Math.sqrt(mean(values.map((value) => value ** 2)) + epsilon);
    return values.map((value, j) => (value / root) * gain[j]!);
  });
}

const softmax = (values: readonly number[]) => {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

/** Columns of one head. */
const head = (x: Rows, index: number, size: number): Rows =>
  x.map((values) => values.slice(index * size, (index + 1) * size));

/** Attention over one sequence: heads of `size` columns; several heads of q may share one of k and v. */
export function attention(q: Rows, k: Rows, v: Rows, size: number, { causal }: { causal: boolean }): Rows {
  const heads = q[0]!.length / size;
  const shared = heads / (k[0]!.length / size);
  const outputs = Array.from({ length: heads }, (_, index) => {
    const at = Math.floor(index / shared);
    const scores = multiply(head(q, index, size), transpose(head(k, at, size)));
    const shares = scores.map((values, i) =>
      softmax(values.map((value, j) => (causal && j > i ? -Infinity : value / Math.sqrt(size)))),
    );
    return multiply(shares, head(v, at, size));
  });
  return q.map((_, i) => outputs.flatMap((output) => output[i]!));
}

/** Rotary positions: the halves of each head's columns turned against each other. */
export function rotate(x: Rows, size: number, base = 10000): Rows {
  const half = size / 2;
  return x.map((values, position) =>
    values.map((value, j) => {
      const within = j % size;
      const angle = position / base ** ((2 * (within % half)) / size);
      const partner = within < half ? -values[j + half]! : values[j - half]!;
      return value * Math.cos(angle) + partner * Math.sin(angle);
    }),
  );
}

export const silu = (x: number) => x / (1 + Math.exp(-x));

/** GPT-2's approximation by tanh. */
export const geluNew = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** x·Φ(x); erf by its series, which converges everywhere and is exact enough for the small values of these models. */
export function gelu(x: number): number {
  const z = x / Math.SQRT2;
  let [term, sum] = [z, z];
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= -(z * z) / n;
    sum += term / (2 * n + 1);
  }
  return 0.5 * x * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}
