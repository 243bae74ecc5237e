// Multinomial logistic regression on frozen vectors: L-BFGS to convergence, an L2 penalty on the weight.

/** Inverse penalties that are tried, as scikit-learn's C, from strong to weak. */
const PATH = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

/** Fits a head for each C along the path, each from the one before; gives the one with the least loss on the held part. */
export function chooseProbe(graph, train, held, classes) {
  let [best, theta] = [null, undefined];
  for (const C of PATH) {
    theta = fitProbe(graph, train, classes, C, theta);
    const loss = probeScores(theta, held, classes).loss;
    if (best === null || loss < best.loss) best = { C, loss, theta };
  }
  return best;
}

/** Weight `[hidden, classes]` and bias behind it, as one list. */
export function fitProbe(graph, { vectors, targets }, classes, C, start) {
  const hidden = vectors[0].length;
  const size = hidden * classes + classes;
  const data = new Float32Array(vectors.length * hidden);
  vectors.forEach((vector, i) => data.set(vector, i * hidden));
  const inputs = graph.constant({ shape: [vectors.length, hidden], data });
  const weight = graph.variable({ shape: [hidden, classes], data: new Float32Array(hidden * classes) });
  const bias = graph.variable({ shape: [classes], data: new Float32Array(classes) });
  const evaluate = (theta) => {
    graph.setValue(weight, { shape: [hidden, classes], data: Float32Array.from(theta.subarray(0, hidden * classes)) });
    graph.setValue(bias, { shape: [classes], data: Float32Array.from(theta.subarray(hidden * classes)) });
    graph.zeroGrads();
    const value = graph.step(() => {
      const loss = graph.crossEntropy(graph.linear(inputs, weight, bias), targets);
      graph.backward(loss);
      return graph.value(loss).data[0];
    });
    const gradient = new Float64Array(size);
    gradient.set(graph.grad(weight).data);
    gradient.set(graph.grad(bias).data, hidden * classes);
    // scikit-learn's objective over C times the examples.
    const penalty = 1 / (C * vectors.length);
    let norm = 0;
    for (let i = 0; i < hidden * classes; i++) {
      norm += theta[i] * theta[i];
      gradient[i] += penalty * theta[i];
    }
    return { value: value + 0.5 * penalty * norm, gradient };
  };
  const theta = minimise(evaluate, start ?? new Float64Array(size));
  graph.release([inputs, weight, bias]);
  return theta;
}

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** L-BFGS with ten pairs and backtracking. */
function minimise(evaluate, start, { iterations = 200, tolerance = 1e-4 } = {}) {
  let [x, now, pairs] = [start, evaluate(start), []];
  for (let k = 0; k < iterations && now.gradient.some((g) => Math.abs(g) > tolerance); k++) {
    const direction = now.gradient.map((g) => -g);
    const alphas = pairs.map(() => 0);
    for (let i = pairs.length - 1; i >= 0; i--) {
      const { s, y, rho } = pairs[i];
      alphas[i] = rho * dot(s, direction);
      direction.forEach((_, j) => (direction[j] -= alphas[i] * y[j]));
    }
    const last = pairs.at(-1);
    const scale = last
      ? dot(last.s, last.y) / dot(last.y, last.y)
      : 1 / Math.max(1, Math.sqrt(dot(now.gradient, now.gradient)));
    direction.forEach((_, j) => (direction[j] *= scale));
    pairs.forEach(({ s, y, rho }, i) => {
      const beta = rho * dot(y, direction);
      direction.forEach((_, j) => (direction[j] += s[j] * (alphas[i] - beta)));
    });
    const slope = dot(direction, now.gradient);
    let [step, next, candidate] = [1, null, null];
    for (let tries = 0; tries < 25; tries++, step /= 2) {
      candidate = x.map((value, j) => value + step * direction[j]);
      next = evaluate(candidate);
      if (next.value <= now.value + 1e-4 * step * slope) break;
      next = null;
    }
    if (next === null) break;
    const s = candidate.map((value, j) => value - x[j]);
    const y = next.gradient.map((g, j) => g - now.gradient[j]);
    if (dot(s, y) > 1e-12) pairs = [...pairs, { s, y, rho: 1 / dot(s, y) }].slice(-10);
    [x, now] = [candidate, next];
  }
  return x;
}

/** Logits of vectors under a head as `fitProbe` gives it. */
export function probeScores(theta, { vectors, targets }, classes) {
  const hidden = vectors[0].length;
  const logits = vectors.map((vector) => {
    const row = theta.slice(hidden * classes);
    for (let j = 0; j < hidden; j++) for (let c = 0; c < classes; c++) row[c] += vector[j] * theta[j * classes + c];
    return row;
  });
  return scores(logits, targets);
}

/** Accuracy, macro F1 over the classes that occur, mean cross entropy. */
export function scores(logits, targets) {
  const classes = logits[0].length;
  const [right, said, present] = [0, 0, 0].map(() => new Array(classes).fill(0));
  let loss = 0;
  logits.forEach((row, i) => {
    const top = Math.max(...row);
    loss += top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0)) - row[targets[i]];
    const best = row.indexOf(top);
    said[best]++;
    present[targets[i]]++;
    if (best === targets[i]) right[best]++;
  });
  const f1 = present.flatMap((count, c) => (count === 0 ? [] : (2 * right[c]) / (count + said[c])));
  const count = targets.length;
  return {
    accuracy: right.reduce((a, b) => a + b, 0) / count,
    macroF1: f1.reduce((a, b) => a + b, 0) / f1.length,
    loss: loss / count,
  };
}
