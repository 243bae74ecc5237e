import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { evaluationLines } from "../../../ts/cli/commands/evaluate.js";
import { metrics } from "../../../ts/index.js";

/** Every class twice, once taken for the next. */
function measured(classes: number) {
  const targets = Array.from({ length: 2 * classes }, (_, i) => i % classes);
  const said = targets.map((target, i) => (i < classes ? target : (target + 1) % classes));
  const logits = said.map((best) => Float32Array.from({ length: classes }, (_, i) => Number(i === best)));
  return metrics(logits, targets, classes);
}

async function shown(labels: readonly string[], classes: number) {
  const { accuracy, ...found } = await measured(classes);
  const metrics = { accuracy: { value: accuracy } };
  return evaluationLines("classify", labels, { ...found, metrics }, { width: 80, colors: pc.createColors(false) });
}

const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));

describe("what evaluate prints", () => {
  it("has names as they are where they fit", async () => {
    const lines = await shown(["ham", "spam"], 2);
    expect(lines.join("\n")).toMatch(/said ham +said spam +precision/);
    expect(widest(lines)).toBeLessThanOrEqual(80);
  });

  it("shortens long names so that the table fits", async () => {
    const labels = ["complaints about delivery", "questions about prices", "thanks and good wishes"];
    const lines = await shown(labels, 3);
    expect(lines.join("\n")).toMatch(/said com\S*… +said que\S*… +said tha\S*…/);
    expect(widest(lines)).toBeLessThanOrEqual(80);
  });

  it.each([
    ["many classes", Array.from({ length: 40 }, (_, i) => `class ${i}`)],
    ["classes without a matrix", Array.from({ length: 300 }, (_, i) => `class ${i}`)],
    ["names that look alike when short", Array.from({ length: 6 }, (_, i) => `the same start ${i}`)],
  ])("lists the most frequent confusions of %s", async (_, labels) => {
    const lines = await shown(labels, labels.length);
    expect(widest(lines)).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => /^is .* said .* 1 +50\.0 %$/.test(line))).toHaveLength(Math.min(10, labels.length));
    expect(lines.join("\n")).toContain("most frequent confusions");
  });
});
