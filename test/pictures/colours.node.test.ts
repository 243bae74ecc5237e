import { describe, expect, it } from "vitest";
import { barChart } from "../../ts/pictures/bars.js";
import { lossCurve } from "../../ts/pictures/loss-curve.js";

const steps = [2, 1.5, 1.2].map((loss, step) => ({
  step, loss, learningRate: 0.1 / (step + 1), gradNorm: 1, tokens: 3, milliseconds: 1,
})); // prettier-ignore
const bars = [
  { side: "ours", value: 2, text: "2" },
  { side: "theirs", value: 1, text: "1" },
];
const panel = { title: "speed", groups: [{ label: "a & b", bars }], most: 2, mark: { at: 1.5, text: "peak" } };
const pictures = {
  "loss curve": lossCurve(steps, { title: "a run", subtitle: "of three steps", classes: 3 }),
  bars: barChart([[panel], [panel]], {
    title: "bars",
    subtitle: "of two",
    description: "two bars",
    footnote: "longer is faster",
    sides: {
      ours: { label: "ours", colour: ["#123456", "#abcdef"] },
      theirs: { label: "theirs", colour: ["#654321", "#fedcba"] },
    },
  }),
};

describe.each(Object.entries(pictures))("%s", (_, svg) => {
  const shapes = [...svg.matchAll(/<(rect|line|path|text) [^>]*>/g)].map(([shape]) => shape);

  it("is painted by attributes, which programs without style sheets know too", () => {
    expect(shapes.length).toBeGreaterThan(10);
    for (const shape of shapes) expect(shape).toMatch(/ (fill|stroke)="#[0-9a-f]{6}"/);
    expect(svg).not.toContain("var(");
  });

  it("has a dark colour for everything painted, of the same part of the shape", () => {
    const dark = new Set(
      [...svg.matchAll(/\.((?:fill|stroke)-\w+) { (?:fill|stroke): #[0-9a-f]{6}; }/g)].map(([, name]) => name),
    );
    for (const shape of shapes) {
      const names = / class="([^"]+)"/.exec(shape)?.[1]?.split(" ") ?? [];
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(dark).toContain(name);
    }
  });
});
