import { training } from "../shapes.mjs";

/**
 * jax-js on its WebAssembly backend, each case in one `jit`, awaited until ready. Arrays are counted references: every use
 * takes one, `.ref` makes another.
 * @param {{ jax: object, threads: number }} options `jax`: the module, `threads`: what it was given to find
 */
export async function openJax({ jax, threads }) {
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return {
    peer: "jax-js",
    build: null,
    threads,
    matmul: (product) => (product.frozen ? null : matmul(jax, product)),
    loraStep: (shape, data) => loraStep(jax, shape, data),
    block: (shape, data) => block(jax, shape, data),
  };
}

function matmul(jax, { shape: [m, k, n], transposeA, transposeB, a, b }) {
  const { numpy } = jax;
  const left = array(jax, a, transposeA ? [k, m] : [m, k]);
  const right = array(jax, b, transposeB ? [n, k] : [k, n]);
  const product = jax.jit((x, y) => numpy.matmul(transposeA ? x.transpose() : x, transposeB ? y.transpose() : y));
  return {
    async run() {
      const c = product(left.ref, right.ref);
      await c.blockUntilReady();
      c.dispose();
    },
    result: () => product(left.ref, right.ref).data(),
    dispose() {
      left.dispose();
      right.dispose();
    },
  };
}

function loraStep(jax, [rows, inFeatures, outFeatures, rank], data) {
  const { numpy } = jax;
  const frozen = {
    weight: array(jax, data.weight, [inFeatures, outFeatures]),
    bias: array(jax, data.bias, [outFeatures]),
    target: array(jax, data.target, [rows, outFeatures]),
  };
  const x = array(jax, data.x, [rows, inFeatures]);
  const start = { a: array(jax, data.a, [inFeatures, rank]), b: array(jax, data.b, [rank, outFeatures]) };
  const loss = (x, params, { weight, bias, target }) => {
    const update = numpy.matmul(numpy.matmul(x.ref, params.a), params.b).mul(training.scaling);
    return numpy.mean(numpy.square(numpy.matmul(x, weight).add(update).add(bias).sub(target)));
  };
  return trainer(jax, loss, x, start, frozen, async (first, params) => ({
    loss: (await first.loss.data())[0],
    gradX: await first.gradX.data(),
    gradA: await first.gradients.a.data(),
    gradB: await first.gradients.b.data(),
    a: await params.a.ref.data(),
    b: await params.b.ref.data(),
  }));
}

function block(jax, { rows, hidden, heads, rank }, data) {
  const { numpy, nn } = jax;
  const x = array(jax, data.x, [rows, hidden]);
  const frozen = { target: array(jax, data.target, [rows, hidden]) };
  data.norms.forEach(({ weight, bias }, i) => {
    frozen[`gain${i}`] = array(jax, weight, [hidden]);
    frozen[`shift${i}`] = array(jax, bias, [hidden]);
  });
  const start = {};
  for (const [name, layer] of Object.entries(data.layers)) {
    frozen[`${name}Weight`] = array(jax, layer.weight, [layer.inFeatures, layer.outFeatures]);
    frozen[`${name}Bias`] = array(jax, layer.bias, [layer.outFeatures]);
    start[`${name}A`] = array(jax, layer.a, [layer.inFeatures, rank]);
    start[`${name}B`] = array(jax, layer.b, [rank, layer.outFeatures]);
  }
  const loss = (x, params, f) => {
    const linear = (name, z) => {
      const update = numpy.matmul(numpy.matmul(z.ref, params[`${name}A`]), params[`${name}B`]).mul(training.scaling);
      return numpy.matmul(z, f[`${name}Weight`]).add(update).add(f[`${name}Bias`]);
    };
    const normed = (z, i) => {
      const centred = z.ref.sub(numpy.mean(z, -1, { keepdims: true }));
      const variance = numpy.mean(numpy.square(centred.ref), -1, { keepdims: true });
      return centred
        .div(numpy.sqrt(variance.add(1e-5)))
        .mul(f[`gain${i}`])
        .add(f[`shift${i}`]);
    };
    const split = (z) => z.reshape([rows, heads, hidden / heads]).transpose([1, 0, 2]);
    const h = normed(x.ref, 0);
    const [q, k, v] = [split(linear("query", h.ref)), split(linear("key", h.ref)), split(linear("value", h))];
    const scores = numpy.matmul(q, k.transpose([0, 2, 1])).mul(1 / Math.sqrt(hidden / heads));
    const mixed = numpy.matmul(nn.softmax(scores, -1), v).transpose([1, 0, 2]).reshape([rows, hidden]);
    const y = x.add(linear("output", mixed));
    const inner = nn.gelu(linear("up", normed(y.ref, 1)), { approximate: false });
    return numpy.mean(numpy.square(y.add(linear("down", inner)).sub(f.target)));
  };
  return trainer(jax, loss, x, start, frozen, async (first) => ({
    loss: (await first.loss.data())[0],
    gradX: await first.gradX.data(),
    gradA: await first.gradients.queryA.data(),
  }));
}

/** Forward, gradients for x and the parameters, and Adam, in one `jit`; `read` takes the first step's results apart. */
function trainer(jax, loss, x, params, frozen, read) {
  const { numpy, tree } = jax;
  const gradients = jax.valueAndGrad(loss, { argnums: [0, 1] });
  const zeros = () => Object.fromEntries(Object.entries(params).map(([name, p]) => [name, numpy.zeros(p.shape)]));
  let state = { params, m: zeros(), v: zeros(), count: 0 };
  const whole = jax.jit((x, frozen, params, m, v, correction1, correction2) => {
    const [value, [gradX, gradient]] = gradients(x, tree.ref(params), frozen);
    const next = { params: {}, m: {}, v: {} };
    for (const name of Object.keys(params)) {
      const [p, m2, v2] = adam(numpy, params[name], gradient[name].ref, m[name], v[name], [correction1, correction2]);
      Object.assign(next.params, { [name]: p });
      Object.assign(next.m, { [name]: m2 });
      Object.assign(next.v, { [name]: v2 });
    }
    correction1.dispose();
    correction2.dispose();
    return [value, gradX, gradient, next.params, next.m, next.v];
  });
  const step = async () => {
    const count = state.count + 1;
    const corrections = [training.beta1, training.beta2].map((beta) => numpy.array(1 - beta ** count));
    const out = whole(x.ref, tree.ref(frozen), state.params, state.m, state.v, ...corrections);
    await jax.blockUntilReady(out);
    const [value, gradX, gradient, params, m, v] = out;
    state = { params, m, v, count };
    return { loss: value, gradX, gradients: gradient };
  };
  return {
    async run() {
      const { loss, gradX, gradients } = await step();
      loss.dispose();
      gradX.dispose();
      tree.dispose(gradients);
    },
    /** A step whose results nobody gives back. */
    runUndisposed: step,
    first: async () => read(await step(), state.params),
    dispose: () => tree.dispose([x, frozen, state.params, state.m, state.v]),
  };
}

function adam(numpy, p, gradient, m, v, [correction1, correction2]) {
  const { lr, beta1, beta2, eps } = training;
  m = m.mul(beta1).add(gradient.ref.mul(1 - beta1));
  v = v.mul(beta2).add(numpy.square(gradient).mul(1 - beta2));
  const root = numpy.sqrt(v.ref.div(correction2.ref)).add(eps);
  return [p.sub(m.ref.div(correction1.ref).div(root).mul(lr)), m, v];
}

function array({ numpy }, data, shape) {
  return numpy.array(data).reshape(shape);
}
