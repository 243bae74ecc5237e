// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { contains } from "../../web/src/data/row-search.js";

it("rows are found by their text and label, and marked words by their labels", () => {
  const film = { id: 0, text: "a Warm film", label: "Good" };
  const found = (row: typeof film, words: string[], task: "classify" | "tokens") =>
    words.filter((wanted) => contains(row, wanted, { task }));
  expect(found(film, ["warm", "good", "a g", "bad"], "classify")).toEqual(["warm", "good"]);
  const words = ["per", "loc", "ada", "o", "b-", "null", '"', "start", "label"];
  const tags = { id: 0, text: "Ada is near Rome", label: '["B-PER","O",null,"B-LOC"]' };
  expect(found(tags, words, "tokens")).toEqual(["per", "loc", "ada", "o"]);
  const spans = { ...tags, text: "Ada", label: '[{"start":0,"end":3,"label":"PER"}]' };
  expect(found(spans, words, "tokens")).toEqual(["per", "ada"]);
});
