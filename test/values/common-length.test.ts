import { expect, it } from "vitest";
import { commonLength } from "../../ts/values/number-list.js";

it("the common beginning of lists, of lists of different kinds, and of texts", () => {
  expect(commonLength([1, 2, 3], Int32Array.of(1, 2, 4, 5))).toBe(2);
  expect(commonLength([1, 2], [1, 2, 3])).toBe(2);
  expect(commonLength([1, 2, 3], [1, 2])).toBe(2);
  expect(commonLength([], [1])).toBe(0);
  expect(commonLength("abc", "abd")).toBe(2);
});
