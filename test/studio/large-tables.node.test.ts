// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { findingsIn } from "../../web/src/data/findings.js";
import { seenRows } from "../../web/src/parts/seen-rows.js";

it("every row can be scrolled to, of more than a browser draws below each other too", () => {
  for (const count of [0, 1, 30, 10_000, 2_500_000]) {
    const [height, seen] = [40, 600];
    const all = (top: number) => {
      const { first, last, above, below } = seenRows(top, seen, count, height);
      return { first, last, above, below, total: above + (last - first) * height + below };
    };
    const { total } = all(0);
    expect(total).toBe(Math.min(count * height, 16e6));
    const end = Math.max(total - seen, 0);
    for (const share of [0, 0.2, 0.5, 0.9, 1]) {
      const { first, last, above, total: now } = all(share * end);
      expect(now).toBeCloseTo(total, 3);
      // What is drawn covers what is seen.
      expect(above).toBeLessThanOrEqual(share * end);
      expect(above + (last - first) * height).toBeGreaterThanOrEqual(Math.min(share * end + seen, total) - 1e-3);
    }
    expect(all(0).first).toBe(0);
    expect(all(end).last).toBe(count);
  }
});

it("labels that are alike are found with their rows, in groups of which some are listed", () => {
  const rows = Array.from({ length: 4000 }, (_, id) => ({
    id,
    text: `text ${id}`,
    label: id < 200 ? "alone" : `User ${id % 40}`,
  }));
  const given = rows.map((row) =>
    row.id < 200 || row.id % 80 < 40 ? row : { ...row, label: row.label.toUpperCase() },
  );
  const alike = findingsIn(given).filter(({ kind }) => kind === "similarLabels");
  expect(alike).toHaveLength(20);
  expect(alike[0]!.labels).toEqual(["USER 0", "User 0"]);
  expect(alike[0]!.rows).toEqual(given.filter(({ label }) => /^user 0$/i.test(label)).map(({ id }) => id));
});
