import { training } from "../shapes.mjs";
import { matmul64 } from "./matmul.mjs";

/**
 * One step in double precision: y = x·W + s·(x·A)·B + b, L = mean((y - t)²), its gradients for A, B and x, and A and B
 * after Adam's first update. `eps` is what Adam adds to the root of the second moment.
 */
export function loraStep64([rows, inFeatures, outFeatures, rank], data, eps = training.eps) {
  const { scaling, lr } = training;
  const { x, weight, bias, a, b, target } = data;
  const u = matmul64(x, a, [rows, inFeatures, rank]);
  const y = matmul64(x, weight, [rows, inFeatures, outFeatures]);
  const update = matmul64(u, b, [rows, rank, outFeatures]);
  const g = new Float64Array(y.length);
  let loss = 0;
  for (let i = 0; i < y.length; i++) {
    const error = y[i] + scaling * update[i] + bias[i % outFeatures] - target[i];
    loss += (error * error) / y.length;
    g[i] = (2 * error) / y.length;
  }
  const scaled = (values) => values.map((value) => scaling * value);
  const gradU = scaled(matmul64(g, b, [rows, outFeatures, rank], { transposeB: true }));
  const gradA = matmul64(x, gradU, [inFeatures, rows, rank], { transposeA: true });
  const gradB = scaled(matmul64(u, g, [rank, rows, outFeatures], { transposeA: true }));
  const gradX = matmul64(g, weight, [rows, outFeatures, inFeatures], { transposeB: true });
  matmul64(gradU, a, [rows, rank, inFeatures], { transposeB: true }).forEach((value, i) => (gradX[i] += value));
  // After one step the corrected moments are g and g².
  const adam = (p, gradient) => Float64Array.from(p, (v, i) => v - (lr * gradient[i]) / (Math.abs(gradient[i]) + eps));
  return { loss, gradA, gradB, gradX, a: adam(a, gradA), b: adam(b, gradB) };
}
