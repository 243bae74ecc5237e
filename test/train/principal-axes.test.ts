import { expect, it } from "vitest";
import { fitLogisticRegression, Graph } from "../../ts/index.js";
import { eigen } from "../../ts/train/logistic/eigen.js";

/** Numbers from −1 to 1, the same each time. */
function numbers(count: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

it.each([1, 2, 3, 7, 40])(
  "eigenvectors of a symmetric matrix of %i rows are orthonormal, and it stretches them alone",
  async (size) => {
    const some = numbers(size * size);
    const matrix = some.map((x, at) => x + some[(at % size) * size + Math.floor(at / size)]!);
    // A column of nothing and an eigenvalue that comes twice.
    if (size > 3)
      for (let i = 0; i < size; i++) for (const j of [0, 1]) matrix[i * size + j] = matrix[j * size + i] = 0;
    let rests = 0;
    const { values, vectors } = await eigen(matrix, size, () => void rests++);
    expect(rests).toBeGreaterThanOrEqual(size);
    const product = (a: (k: number) => number, b: (k: number) => number) => {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += a(k) * b(k);
      return sum;
    };
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        expect(
          product(
            (k) => vectors[i * size + k]!,
            (k) => vectors[j * size + k]!,
          ),
        ).toBeCloseTo(i === j ? 1 : 0, 12);
        expect(
          product(
            (k) => matrix[j * size + k]!,
            (k) => vectors[i * size + k]!,
          ),
        ).toBeCloseTo(values[i]! * vectors[i * size + j]!, 12);
      }
    }
  },
);

it("a head of many classes is where the loss with its penalty is least, as one of few is", async () => {
  const [hidden, each] = [12, 4];
  for (const classes of [8, 40]) {
    const count = classes * each;
    const all = numbers(count * hidden);
    const targets = Array.from({ length: count }, (_, i) => i % classes);
    const vectors = targets.map((target, i) =>
      Float32Array.from(
        { length: hidden },
        (_, j) => all[i * hidden + j]! * (1 + j / 4) + Math.sin(target * (j + 1)) + 2,
      ),
    );
    const regularisation = 3;
    const { weight, bias } = await fitLogisticRegression(new Graph(), vectors, targets, classes, { regularisation });
    // Of C · summed loss + ½ · |weight|²; of the bias without a penalty.
    const gradient = Float64Array.from(weight.data);
    const ofBias = new Float64Array(classes);
    vectors.forEach((vector, i) => {
      const logits = Array.from(bias.data, (own, c) =>
        vector.reduce((sum, x, j) => sum + x * weight.data[j * classes + c]!, own),
      );
      const highest = Math.max(...logits);
      const sum = logits.reduce((total, x) => total + Math.exp(x - highest), 0);
      logits.forEach((x, c) => {
        const residual = Math.exp(x - highest) / sum - (targets[i] === c ? 1 : 0);
        ofBias[c]! += regularisation * residual;
        vector.forEach((value, j) => (gradient[j * classes + c]! += regularisation * residual * value));
      });
    });
    const largest = (values: ArrayLike<number>) =>
      Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(largest(weight.data)).toBeGreaterThan(0.1);
    expect(largest(gradient)).toBeLessThan(2e-3 * largest(weight.data));
    expect(largest(ofBias)).toBeLessThan(2e-3);
  }
});
