import { training } from "../shapes.mjs";
import { node, onnxModel } from "./model.mjs";

/** C = op(A)·op(B); where `frozen`, B is a constant that the runtime may pack when it loads. */
export function matmulModel({ shape: [m, k, n], transposeA, transposeB, frozen, b }) {
  const right = transposeB ? [n, k] : [k, n];
  const product =
    transposeA || transposeB
      ? node("Gemm", ["A", "B"], "C", { transA: Number(transposeA), transB: Number(transposeB) })
      : node("MatMul", ["A", "B"], "C");
  return onnxModel({
    nodes: [product],
    inputs: { A: transposeA ? [k, m] : [m, k], ...(frozen ? {} : { B: right }) },
    outputs: { C: [m, n] },
    constants: frozen ? { B: { shape: right, data: b } } : {},
  });
}

/**
 * A LoRA step with its gradients and Adam written out as nodes, since the inference runtime has no autodiff. W and its
 * transpose are constants, so that both products find them packed. Parameters and moments go in and come out.
 */
export function loraStepModel([rows, inFeatures, outFeatures, rank], { weight, bias, target }) {
  const { scaling } = training;
  const transposed = new Float32Array(weight.length);
  weight.forEach((w, i) => (transposed[(i % outFeatures) * inFeatures + Math.floor(i / outFeatures)] = w));
  const shapes = { A: [inFeatures, rank], B: [rank, outFeatures] };
  const named = (prefix, suffix = "") =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name + suffix, shape]));
  return onnxModel({
    nodes: [
      node("MatMul", ["x", "A"], "u"),
      node("MatMul", ["x", "W"], "xW"),
      node("Gemm", ["u", "B", "xW"], "update", { alpha: scaling }),
      node("Add", ["update", "bias"], "y"),
      node("Sub", ["y", "target"], "error"),
      node("Mul", ["error", "error"], "squares"),
      node("ReduceMean", ["squares"], "loss", { keepdims: 0 }),
      node("Mul", ["error", "slope"], "g"),
      node("Gemm", ["u", "g"], "gB", { transA: 1, alpha: scaling }),
      node("Gemm", ["g", "B"], "gu", { transB: 1, alpha: scaling }),
      node("Gemm", ["x", "gu"], "gA", { transA: 1 }),
      node("MatMul", ["g", "WT"], "gxW"),
      node("Gemm", ["gu", "A", "gxW"], "gx", { transB: 1 }),
      ...adamNodes("A"),
      ...adamNodes("B"),
    ],
    inputs: { x: [rows, inFeatures], ...shapes, ...named("m"), ...named("v"), correction1: [], correction2: [] },
    outputs: {
      loss: [],
      gx: [rows, inFeatures],
      ...named("g"),
      ...named("", "2"),
      ...named("m", "2"),
      ...named("v", "2"),
    },
    constants: {
      W: { shape: [inFeatures, outFeatures], data: weight },
      WT: { shape: [outFeatures, inFeatures], data: transposed },
      bias: { shape: [outFeatures], data: bias },
      target: { shape: [rows, outFeatures], data: target },
      slope: scalar(2 / (rows * outFeatures)),
      beta1: scalar(training.beta1),
      rest1: scalar(1 - training.beta1),
      beta2: scalar(training.beta2),
      rest2: scalar(1 - training.beta2),
      eps: scalar(training.eps),
      lr: scalar(training.lr),
    },
  });
}

function adamNodes(p) {
  return [
    node("Mul", [`m${p}`, "beta1"], `m${p}Old`),
    node("Mul", [`g${p}`, "rest1"], `m${p}New`),
    node("Add", [`m${p}Old`, `m${p}New`], `m${p}2`),
    node("Mul", [`g${p}`, `g${p}`], `g${p}Squared`),
    node("Mul", [`v${p}`, "beta2"], `v${p}Old`),
    node("Mul", [`g${p}Squared`, "rest2"], `v${p}New`),
    node("Add", [`v${p}Old`, `v${p}New`], `v${p}2`),
    node("Div", [`m${p}2`, "correction1"], `m${p}Hat`),
    node("Div", [`v${p}2`, "correction2"], `v${p}Hat`),
    node("Sqrt", [`v${p}Hat`], `${p}Root`),
    node("Add", [`${p}Root`, "eps"], `${p}Scale`),
    node("Div", [`m${p}Hat`, `${p}Scale`], `${p}Direction`),
    node("Mul", [`${p}Direction`, "lr"], `${p}Move`),
    node("Sub", [p, `${p}Move`], `${p}2`),
  ];
}

function scalar(value) {
  return { shape: [], data: Float32Array.of(value) };
}
