import { expect, it } from "vitest";
import { parseExamples, parseTexts } from "../parse-text.js";

const rows = ["the film was good,1", "the film was bad,0", "a fine evening,1", "a dull evening,0", "warm and funny,1"];

function warnings(lines: readonly string[], header: boolean | "auto" = "auto"): string[] {
  const told: string[] = [];
  const onWarning = (message: string) => told.push(message);
  parseExamples(lines.join("\n"), { format: "csv", text: 0, label: "1", header, onWarning });
  return told;
}

it.each([
  ["labels that are numbers", ["what,stars", ...rows]],
  ["words that repeat", ["text,label", ...rows.map((row) => row.replace("1", "good").replace("0", "bad"))]],
])("a header is seen above %s", (_, lines) => {
  expect(warnings(lines)).toEqual([expect.stringMatching(/^data, line 1: "\w+", "\w+" look like a header, but/)]);
  expect(warnings(lines, false)).toEqual([]);
  expect(warnings(lines, true)).toEqual([]);
});

it.each([
  [
    "a first example with a label of its own",
    ["what a film,odd", ...rows.map((row) => row.replace("1", "good").replace("0", "bad"))],
  ],
  ["a label that comes again", ["comment,good", ...rows.map((row) => row.replace("1", "good").replace("0", "bad"))]],
  ["numbers", rows],
  ["a sentence", ["It was good.,odd", ...rows]],
  ["labels of which hardly one repeats", ["text,label", "a,b", "c,d", "e,f", "g,h", "i,j"]],
  ["few rows", ["text,label", "a,1", "b,0"]],
])("no header is seen in %s", (_, lines) => {
  expect(warnings(lines)).toEqual([]);
});

it("texts alone have a header where it is a usual name", () => {
  const told: string[] = [];
  const read = (first: string) =>
    parseTexts([first, ...rows].join("\n"), { format: "csv", text: 0, onWarning: (message) => told.push(message) });
  expect(read("Review,n")).toHaveLength(6);
  expect(told).toHaveLength(1);
  read("a film,n");
  expect(told).toHaveLength(1);
});
