import { most, type Rule, within } from "./rule.js";

const small = { low: -1, high: 1 };

export const products = {
  linear: {
    make(maker) {
      const x = maker.any(1, 3);
      const [inner, out] = [x.shape.at(-1)!, maker.length()];
      const weight = maker.like([inner, out], small);
      const inputs = maker.random.chance(0.6) ? [x, weight, maker.like([out])] : [x, weight];
      return { inputs, attributes: {}, range: within(most(x) * inner + most(inputs[2] ?? small)) };
    },
    call: (graph, [x, weight, bias]) => graph.linear(x!, weight!, bias ?? null),
  },
  loraLinear: {
    make(maker) {
      const { random } = maker;
      const x = maker.any(1, 3);
      const [inner, out] = [x.shape.at(-1)!, maker.length() + 1];
      // The weight is frozen by definition: a constant.
      const inputs = [x, maker.leaf([inner, out], small, false)];
      const [bias, adapterInput] = [random.chance(0.5), random.chance(0.3)];
      const rows = x.shape.slice(0, -1).reduce((all, length) => all * length, 1);
      if (bias) inputs.push(maker.like([out]));
      if (adapterInput) inputs.push(maker.like(x.shape, { low: -4, high: 4 }));
      const adapters = Array.from({ length: random.int(0, 2) }, () => {
        const start = random.int(0, out - 1);
        const [width, rank] = [random.int(1, out - start), random.int(1, 4)];
        inputs.push(maker.like([inner, rank], small), maker.like([rank, width], small));
        const columns = { start, width, scaling: random.pick([0.5, 1, -0.25]) };
        if (random.chance(0.5)) return columns;
        // Rows of two adapters may overlap, and be none.
        const first = random.int(0, rows);
        return { ...columns, rows: { start: first, end: random.int(first, rows) } };
      });
      const bound = (most(x) + 4) * inner * (1 + 8 * adapters.length) + 10;
      return { inputs, attributes: { bias, adapterInput, adapters }, range: within(bound) };
    },
    call: (graph, inputs, attributes) => graph.loraLinear(inputs, attributes),
  },
  matmul: {
    make(maker) {
      const { random } = maker;
      const [m, k, n] = [maker.length(), maker.length(), maker.length()];
      const batch = random.chance(0.5) ? [] : Array.from({ length: random.int(1, 2) }, () => random.int(1, 3));
      const part = () =>
        batch.slice(random.chance(0.6) ? 0 : random.int(0, batch.length)).map((b) => (random.chance(0.2) ? 1 : b));
      const [transposeA, transposeB] = [random.chance(0.3), random.chance(0.3)];
      const left = random.chance(0.1) ? [k] : [...part(), ...(transposeA ? [k, m] : [m, k])];
      const right = random.chance(0.1) ? [k] : [...part(), ...(transposeB ? [n, k] : [k, n])];
      const inputs = [maker.like(left), maker.like(right, small)];
      const attributes = {
        ...(transposeA && left.length > 1 && { transposeA }),
        ...(transposeB && right.length > 1 && { transposeB }),
      };
      return { inputs, attributes, range: within(most(inputs[0]!) * most(inputs[1]!) * k) };
    },
    call: (graph, [a, b], attributes) => graph.matmul(a!, b!, attributes),
  },
} satisfies Record<string, Rule>;
