import { elementProgram, type Program } from "../program.js";
import { TANH } from "./functions.js";

/** exp and tanh that stay finite, and the normal distribution's tail as the WASM kernels compute it (crates/kernels/src/math.rs). */
const FUNCTIONS = `
// Below −87.33 it is less than the smallest normal number: 0, by which any number may be multiplied.
fn sigmoid(x: f32) -> f32 { return select(1.0 / (1.0 + exp(-clamp(x, -87.33, 87.33))), 0.0, x < -87.33); }
// Far below 0 gates are 0, of −∞ too.
fn finite_below(x: f32) -> f32 { return max(x, -105.0); }
${TANH}fn bell(t: f32) -> f32 { return exp(-0.5 * t * t); }
// For t ≥ 0: Φ(−t), by Mills' ratio as a quotient of polynomials.
fn tail(x: f32) -> f32 {
  let t = min(x, 15.0);
  let a = 0.5 + t * (0.43593 + t * (0.18148638 + t * (0.04004449 + t * 0.0040290835)));
  let b = 1.0 + t * (1.669745 + t * (1.1952323 + t * (0.4648544 + t * (0.100383945 + t * 0.010099273))));
  return bell(t) * a / b;
}
fn erf_(x: f32) -> f32 {
  let near = clamp(x, -4.0, 4.0);
  let z = near * near;
  let a = 1.1283792 + z * (0.19353063 + z * (0.053099405 + z * (0.0038826114 + z * (0.00028453133 + z * 0.0000019866607))));
  let b = 1.0 + z * (0.5048446 + z * (0.115343645 + z * (0.015205791 + z * (0.0011853599 + z * 0.00003741709))));
  return clamp(near * a / b, -1.0, 1.0);
}
// d/dx (x·σ(u)) with u′ = slope
fn gated(x: f32, u: f32, slope: f32) -> f32 { let y = sigmoid(u); return keep(x, y + clamp(x, -105.0, 105.0) * y * (1.0 - y) * slope); }
fn twice_u(x: f32) -> f32 { let t = clamp(x, -20.0, 20.0); return 1.5957692 * t * (1.0 + 0.044715 * t * t); }
fn twice_slope(x: f32) -> f32 { let t = clamp(x, -20.0, 20.0); return 1.5957692 * (1.0 + 0.134145 * t * t); }
`;

/** Functions in WGSL: the value, and the factor of g in the gradient, by x and y; or the gradient if that is no product. */
const unary: Record<string, readonly [value: string, slope: string, gradient?: string]> = {
  relu: ["max(x, 0.0)", "", "select(g, 0.0, x <= 0.0)"],
  sigmoid: ["sigmoid(x)", "y * (1.0 - y)"],
  tanh: ["tanh_(x)", "1.0 - y * y"],
  silu: ["finite_below(x) * sigmoid(x)", "gated(x, x, 1.0)"],
  quick_gelu: ["finite_below(x) * sigmoid(1.702 * x)", "gated(x, 1.702 * x, 1.702)"],
  gelu: [
    "max(x, 0.0) - min(abs(x), 15.0) * tail(abs(x))",
    "keep(x, select(0.0, 1.0, x > 0.0) + select(1.0, -1.0, x > 0.0) * (tail(abs(x)) - min(abs(x), 15.0) * 0.3989423 * bell(x)))",
  ],
  gelu_tanh: ["finite_below(x) * sigmoid(twice_u(x))", "gated(x, twice_u(x), twice_slope(x))"],
  softplus: ["max(x, 0.0) + log(1.0 + exp(-abs(x)))", "sigmoid(x)"],
  neg: ["-x", "-1.0"],
  abs: ["abs(x)", "sign(x)"],
  square: ["x * x", "2.0 * x"],
  exp: ["exp(x)", "y"],
  log: ["log_(x)", "1.0 / x"],
  sqrt: ["sqrt(x)", "0.5 / y"],
  rsqrt: ["1.0 / sqrt(x)", "-0.5 * y / x"],
  reciprocal: ["1.0 / x", "-y * y"],
  erf: ["erf_(x)", "keep(x, 1.1283792 * exp(-x * x))"],
};

/** `<name>_forward`: x, y; `<name>_gradient`: g, x, y, dx, accumulate. */
export const unaryPrograms: ReadonlyMap<string, readonly [forward: Program, gradient: Program]> = new Map(
  Object.entries(unary).map(([name, [value, slope, gradient = `g * (${slope})`]]) => [
    name,
    [
      elementProgram(
        `${name}_forward`,
        "x* y*",
        `let x = load(p.x + i); store(p.y + i, keep(x, ${value}));`,
        FUNCTIONS,
      ),
      elementProgram(
        `${name}_gradient`,
        "g* x* y* dx* accumulate",
        `let g = load(p.g + i); let x = load(p.x + i); let y = load(p.y + i); put(p.dx + i, ${gradient}, p.accumulate);`,
        FUNCTIONS,
      ),
    ],
  ]),
);

export const clamp = elementProgram(
  "clamp",
  "x* y* low:f high:f",
  "let x = load(p.x + i); store(p.y + i, keep(x, clamp(x, p.low, p.high)));",
);

/** g strictly between the limits, else 0. An infinite limit is none. */
export const clampGradient = elementProgram(
  "clamp_gradient",
  "g* x* dx* accumulate low:f high:f",
  `let x = load(p.x + i);
  let inside = (x > p.low || abs(p.low) > 3.4e38) && (x < p.high || abs(p.high) > 3.4e38) && !nan_bits(bitcast<u32>(x));
  put(p.dx + i, select(0.0, load(p.g + i), inside), p.accumulate);`,
);

const BROADCAST = "n1 n2 a* b* y* a0 a1 a2 b0 b1 b2 accumulate";
const operands = `let d2 = i % p.n2; let rest = i / p.n2; let d1 = rest % p.n1; let d0 = rest / p.n1;
  let a = load(p.a + d0 * p.a0 + d1 * p.a1 + d2 * p.a2); let b = load(p.b + d0 * p.b0 + d1 * p.b1 + d2 * p.b2);`;

/** y ← f(a, b) with broadcast operands. */
export const binaryPrograms: ReadonlyMap<string, Program> = new Map(
  Object.entries({
    add: "a + b",
    sub: "a - b",
    mul: "a * b",
    div: "a / b",
    maximum: "max(a, b)",
    minimum: "min(a, b)",
  }).map(([name, value]) => [
    name,
    elementProgram(name, BROADCAST, `${operands} put(p.y + i, keep(a, keep(b, ${value})), p.accumulate);`),
  ]),
);

/** Gradients by a of functions of a and b, in WGSL. Where they are NaN both operands have the gradient, as in PyTorch. */
const gradients = {
  // Of b / a; a² could overflow where this does not.
  div: "-g * (b / a / a)",
  maximum: "select(select(g, 0.0, a < b), 0.5 * g, a == b)",
  minimum: "select(select(g, 0.0, a > b), 0.5 * g, a == b)",
};

/** dx ← g·f′, `a` the operand whose gradient it is and `b` the other one: broadcast as forward, g and dx of the result's shape. */
export const binaryGradientPrograms: ReadonlyMap<string, Program> = new Map(
  Object.entries(gradients).map(([name, gradient]) => [
    name,
    elementProgram(
      `${name}_gradient`,
      `n1 n2 g* a* b* y* a0 a1 a2 b0 b1 b2 accumulate`,
      `${operands} let g = load(p.g + i); put(p.y + i, ${gradient}, p.accumulate);`,
    ),
  ]),
);

/** Activations of gated units, by their number. */
const activations = ["silu", "gelu", "gelu_tanh"].map((name) => unary[name]!);

/** WGSL that sets a variable to the chosen activation's value or slope at x. */
const chosen = (variable: string, part: 0 | 1) =>
  activations.map((of, i) => `if (p.activation == ${i}u) { ${variable} = ${of[part]}; }`).join("\n  ");

/** f(a)·b of rows `[a, b]`; `activation` 0 SiLU, 1 GELU, 2 its tanh form. */
export const gatedForward = elementProgram(
  "gated_forward",
  "x* y* columns activation",
  `let at = p.x + (i / p.columns) * 2u * p.columns + i % p.columns; let x = load(at);
  var f = 0.0;
  ${chosen("f", 0)}
  store(p.y + i, keep(x, f) * load(at + p.columns));`,
  FUNCTIONS,
);
export const gatedGradient = elementProgram(
  "gated_gradient",
  "g* x* dx* columns activation accumulate",
  `let skip = (i / p.columns) * 2u * p.columns + i % p.columns; let x = load(p.x + skip); let b = load(p.x + skip + p.columns);
  var f = 0.0; var slope = 0.0;
  ${chosen("f", 0)}
  ${chosen("slope", 1)}
  let g = load(p.g + i);
  put(p.dx + skip, g * slope * b, p.accumulate);
  put(p.dx + skip + p.columns, g * f, p.accumulate);`,
  FUNCTIONS,
);

/** Philox4x32-10 of Salmon et al., SC 2011, in 32-bit arithmetic: word `i % 4` of block `i / 4`, as crates/kernels/src/philox.rs. */
const PHILOX = `
fn high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let first = ah * bl + ((al * bl) >> 16u);
  let second = al * bh + (first & 0xffffu);
  return ah * bh + (first >> 16u) + (second >> 16u);
}
fn philox(block: u32, stream: u32, low: u32, top: u32) -> vec4u {
  var c = vec4u(block, 0u, stream, 0u); var k0 = low; var k1 = top;
  for (var round = 0u; round < 10u; round++) {
    c = vec4u(high(0xcd9e8d57u, c.z) ^ c.y ^ k0, 0xcd9e8d57u * c.z, high(0xd2511f53u, c.x) ^ c.w ^ k1, 0xd2511f53u * c.x);
    k0 += 0x9e3779b9u; k1 += 0xbb67ae85u;
  }
  return c;
}
`;

/** y ← x·keep/(1 − p): eight elements for each block of the generator, 16 bits each. `dropped` is p in 2⁻¹⁶. */
export const dropout = elementProgram(
  "dropout",
  "x* y* dropped factor:f seedLow seedHigh stream accumulate",
  `let words = philox(i / 8u, p.stream, p.seedLow, p.seedHigh);
  let place = i % 8u;
  let bits = (words[place % 4u] >> (16u * (place / 4u))) & 0xffffu;
  put(p.y + i, load(p.x + i) * select(p.factor, 0.0, bits < p.dropped), p.accumulate);`,
  PHILOX,
);
