import { expect, it } from "vitest";
import { lossCurve } from "../../ts/pictures/loss-curve.js";

const text = { title: "a run", subtitle: "", classes: 2 };
const curve = (losses: readonly number[], learningRate = 0.1) =>
  lossCurve(
    losses.map((loss, step) => ({ step, loss, learningRate, gradNorm: 1, tokens: 3, milliseconds: 1 })),
    text,
  );

/** The numbers of every path. */
const points = (svg: string) =>
  [...svg.matchAll(/ d="([^"]*)"/g)].flatMap(([, path]) => path!.split(/[ML ]/).filter(Boolean).map(Number));

it.each([
  [[1.7e308, -1.7e308, 1]],
  [[-1.7e308, -1.7e308]],
  [[1.7e308]],
  [[5e-324, 5e-324]],
  [[0, 0]],
  [[NaN, Infinity, -Infinity, 1]],
  [[NaN]],
  [[]],
])("losses of %j are drawn within the picture", (losses) => {
  for (const rate of [0, 0.1, 1.7e308, 5e-324]) {
    const svg = curve(losses, rate);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const point of points(svg)) {
      expect(point).toBeGreaterThanOrEqual(0);
      expect(point).toBeLessThanOrEqual(880);
    }
  }
});

it("a run of more steps than a call has arguments is drawn", () => {
  const svg = curve(Array.from({ length: 300_000 }, (_, i) => 1 / (1 + i)));
  expect(svg).not.toMatch(/NaN|Infinity/);
  expect(svg.length).toBeLessThan(200_000);
});
