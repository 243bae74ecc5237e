import { expect, it } from "vitest";
import { editedJson } from "../../ts/io/json.js";

it("numbers stay as they were written, whatever strings say", () => {
  const text = '{"cutoff": 2.0, "eps": 1e-05, "n": -3, "text": "number 4.0 \\"5.0\\"", "list": [1.50, true], "old": 1}';
  const written = editedJson(text, ({ old: _, ...rest }) => ({ ...rest, added: ["x"] }));
  expect(written.replace(/\s+/g, " ")).toBe(
    '{ "cutoff": 2.0, "eps": 1e-05, "n": -3, "text": "number 4.0 \\"5.0\\"", "list": [ 1.50, true ], "added": [ "x" ] }',
  );
});
