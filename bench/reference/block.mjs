import { randomArray } from "../data.mjs";
import { training } from "../shapes.mjs";
import { matmul64 } from "./matmul.mjs";

/** Loss of the encoder block in double precision. */
export function blockLoss64({ rows, hidden, heads, intermediate, rank }, data) {
  const layer = (x, { inFeatures, outFeatures, weight, bias, a, b }) => {
    const y = matmul64(x, weight, [rows, inFeatures, outFeatures]);
    const update = matmul64(matmul64(x, a, [rows, inFeatures, rank]), b, [rows, rank, outFeatures]);
    return y.map((value, i) => value + training.scaling * update[i] + bias[i % outFeatures]);
  };
  const { query, key, value, output, up, down } = data.layers;
  const normed = layerNorm(data.x, data.norms[0], rows, hidden);
  const mixed = attention(layer(normed, query), layer(normed, key), layer(normed, value), rows, hidden, heads);
  const y = layer(mixed, output).map((v, i) => v + data.x[i]);
  const inner = layer(layerNorm(y, data.norms[1], rows, hidden), up);
  if (inner.length !== rows * intermediate) throw new Error("block: the layers do not fit the shape");
  const z = layer(inner.map(gelu), down);
  return z.reduce((sum, v, i) => sum + (v + y[i] - data.target[i]) ** 2, 0) / z.length;
}

/**
 * How far gradients for x and the query's A are from the loss's own slope: both are compared along two directions, the
 * gradients themselves and a random one, by central differences. Returns the larger relative error.
 */
export function blockGradientError(shape, data, gradX, gradA) {
  const slope = (dx, da) => {
    const at = (t) => {
      const query = { ...data.layers.query, a: moved(data.layers.query.a, da, t) };
      return blockLoss64(shape, { ...data, x: moved(data.x, dx, t), layers: { ...data.layers, query } });
    };
    const reach = 1e-3 / Math.hypot(norm(dx), norm(da));
    return (at(reach) - at(-reach)) / (2 * reach);
  };
  const directions = [
    [gradX, gradA],
    [randomArray(gradX.length, 90), randomArray(gradA.length, 91)],
  ];
  const scale = Math.hypot(norm(gradX), norm(gradA));
  const errors = directions.map(([dx, da], i) => {
    const expected = slope(dx, da);
    const got = dot(gradX, dx) + dot(gradA, da);
    // Along a random direction the slope is small by chance; its error counts against what it could be.
    return Math.abs(got - expected) / (i === 0 ? Math.abs(expected) : scale);
  });
  return Math.max(...errors.map((error) => (Number.isNaN(error) ? Infinity : error)));
}

function layerNorm(x, { weight, bias }, rows, width) {
  const y = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) {
    const row = Float64Array.from(x.subarray(i * width, (i + 1) * width));
    const mean = row.reduce((sum, v) => sum + v, 0) / width;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
    for (let j = 0; j < width; j++) {
      y[i * width + j] = ((row[j] - mean) / Math.sqrt(variance + 1e-5)) * weight[j] + bias[j];
    }
  }
  return y;
}

function attention(q, k, v, rows, hidden, heads) {
  const width = hidden / heads;
  const out = new Float64Array(rows * hidden);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < rows; i++) {
      const at = i * hidden + head * width;
      const scores = Float64Array.from({ length: rows }, (_, j) => {
        let sum = 0;
        for (let d = 0; d < width; d++) sum += q[at + d] * k[j * hidden + head * width + d];
        return Math.exp(sum / Math.sqrt(width));
      });
      const total = scores.reduce((sum, s) => sum + s, 0);
      for (let j = 0; j < rows; j++) {
        for (let d = 0; d < width; d++) out[at + d] += (scores[j] / total) * v[j * hidden + head * width + d];
      }
    }
  }
  return out;
}

/** x·Φ(x), with erf from its series Σ xⁿ⁺¹·2ⁿ/(1·3·…·(2n + 1)), which converges everywhere. */
function gelu(x) {
  const z = Math.min(Math.abs(x) / Math.SQRT2, 6);
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  const erf = (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum * Math.sign(x);
  return 0.5 * x * (1 + erf);
}

function moved(values, direction, distance) {
  return Float64Array.from(values, (v, i) => v + distance * direction[i]);
}

function dot(a, b) {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

function norm(a) {
  return Math.sqrt(Float64Array.from(a).reduce((sum, x) => sum + x * x, 0));
}
