import { training } from "../shapes.mjs";

/**
 * TensorFlow.js on its WebAssembly backend. It keeps a packed copy of B for every tensor it has multiplied by, so its
 * products are with B packed beforehand, whatever the case says.
 * @param {{ tf: object, threads: number }} options `tf`: the module, its backend chosen and ready
 */
export function openTfjs({ tf, threads }) {
  return {
    peer: "tfjs-wasm",
    build: null,
    threads,
    matmul: (product) => matmul(tf, product),
    loraStep: (shape, data) => loraStep(tf, shape, data),
    block: (shape, data) => block(tf, shape, data),
  };
}

function matmul(tf, { shape: [m, k, n], transposeA, transposeB, a, b }) {
  const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k]);
  const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
  return {
    run() {
      tf.matMul(left, right, transposeA, transposeB).dispose();
    },
    result: () => tf.tidy(() => tf.matMul(left, right, transposeA, transposeB).dataSync()),
    dispose: () => tf.dispose([left, right]),
  };
}

function loraStep(tf, [rows, inFeatures, outFeatures, rank], data) {
  const x = tf.tensor2d(data.x, [rows, inFeatures]);
  const weight = tf.tensor2d(data.weight, [inFeatures, outFeatures]);
  const bias = tf.tensor1d(data.bias);
  const target = tf.tensor2d(data.target, [rows, outFeatures]);
  const a = tf.variable(tf.tensor2d(data.a, [inFeatures, rank]));
  const b = tf.variable(tf.tensor2d(data.b, [rank, outFeatures]));
  const scaling = tf.scalar(training.scaling);
  const loss = (x, a, b) => {
    const update = tf.mul(tf.matMul(tf.matMul(x, a), b), scaling);
    return tf
      .add(tf.add(tf.matMul(x, weight), update), bias)
      .sub(target)
      .square()
      .mean();
  };
  return trainer(tf, loss, x, [a, b], [x, weight, bias, target, scaling], ({ value, grads }) => ({
    loss: value.dataSync()[0],
    gradX: grads[0].dataSync(),
    gradA: grads[1].dataSync(),
    gradB: grads[2].dataSync(),
    a: a.dataSync(),
    b: b.dataSync(),
  }));
}

function block(tf, { rows, hidden, heads, rank }, data) {
  const x = tf.tensor2d(data.x, [rows, hidden]);
  const target = tf.tensor2d(data.target, [rows, hidden]);
  const scaling = tf.scalar(training.scaling);
  const norms = data.norms.map(({ weight, bias }) => [tf.tensor1d(weight), tf.tensor1d(bias)]);
  const names = Object.keys(data.layers);
  const frozen = names.map((name) => {
    const { weight, bias, inFeatures, outFeatures } = data.layers[name];
    return [tf.tensor2d(weight, [inFeatures, outFeatures]), tf.tensor1d(bias)];
  });
  const params = names.flatMap((name) => {
    const { a, b, inFeatures, outFeatures } = data.layers[name];
    return [tf.variable(tf.tensor2d(a, [inFeatures, rank])), tf.variable(tf.tensor2d(b, [rank, outFeatures]))];
  });
  const loss = (x, ...params) => {
    const linear = (name, z) => {
      const i = names.indexOf(name);
      const update = tf.matMul(tf.matMul(z, params[2 * i]), params[2 * i + 1]).mul(scaling);
      return tf.matMul(z, frozen[i][0]).add(update).add(frozen[i][1]);
    };
    const normed = (z, [gain, shift]) => {
      const centred = z.sub(z.mean(-1, true));
      return centred.mul(centred.square().mean(-1, true).add(1e-5).rsqrt()).mul(gain).add(shift);
    };
    const split = (z) => z.reshape([rows, heads, hidden / heads]).transpose([1, 0, 2]);
    const gelu = (z) => z.mul(tf.erf(z.mul(Math.SQRT1_2)).add(1)).mul(0.5);
    const h = normed(x, norms[0]);
    const [q, k, v] = ["query", "key", "value"].map((name) => split(linear(name, h)));
    const scores = tf.softmax(tf.matMul(q, k, false, true).mul(1 / Math.sqrt(hidden / heads)));
    const mixed = tf.matMul(scores, v).transpose([1, 0, 2]).reshape([rows, hidden]);
    const y = x.add(linear("output", mixed));
    const inner = gelu(linear("up", normed(y, norms[1])));
    return y.add(linear("down", inner)).sub(target).square().mean();
  };
  const held = [x, target, scaling, ...norms.flat(), ...frozen.flat()];
  return trainer(tf, loss, x, params, held, ({ value, grads }) => ({
    loss: value.dataSync()[0],
    gradX: grads[0].dataSync(),
    gradA: grads[1].dataSync(),
  }));
}

/** Forward, gradients for x and the variables, and Adam, in a `tidy`; `read` takes the first step's results apart. */
function trainer(tf, loss, x, params, held, read) {
  const { lr, beta1, beta2, eps } = training;
  const optimizer = tf.train.adam(lr, beta1, beta2, eps);
  const gradients = tf.valueAndGrads(loss);
  const step = () => {
    const { value, grads } = gradients([x, ...params]);
    optimizer.applyGradients(Object.fromEntries(params.map((param, i) => [param.name, grads[i + 1]])));
    return { value, grads };
  };
  return {
    run() {
      tf.tidy(() => void step());
    },
    /** A step whose results nobody gives back. */
    runUndisposed: step,
    first: () => {
      let result;
      tf.tidy(() => {
        result = read(step());
      });
      return result;
    },
    dispose() {
      tf.dispose([...held, ...params]);
      optimizer.dispose();
    },
  };
}
