import { assert, constantFrom, array, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { lookUp } from "../../../ts/models/language/speculation.js";

const draft = (text: readonly number[], most: number) => [...lookUp(Int32Array.from(text), most)];

describe("lookUp", () => {
  it("gives what followed the last tokens where four, or else three, of them occurred before, the last time", () => {
    expect(draft([1, 2, 3, 4, 5, 6, 1, 2, 3, 4], 2)).toEqual([5, 6]);
    expect(draft([1, 2, 3, 4, 9, 5, 2, 3, 4, 8, 1, 2, 3, 4], 3)).toEqual([9, 5, 2]);
    expect(draft([7, 2, 3, 4, 9, 2, 3, 4, 8, 5, 2, 3, 4], 3)).toEqual([8, 5, 2]);
    expect(draft([1, 2, 3, 4], 4)).toEqual([]);
    expect(draft([3, 4, 5, 3, 4], 4)).toEqual([]);
    expect(draft([5, 5, 5, 5, 5], 9)).toEqual([5]);
    expect(draft([], 4)).toEqual([]);
  });

  it("is what a search by text finds", () => {
    const texts = array(integer({ min: 0, max: 3 }), { maxLength: 40 });
    assert(
      property(texts, constantFrom(1, 3, 10), (text, most) => {
        const letters = text.join("");
        const found = [4, 3]
          .filter((size) => size < letters.length)
          .map((size) => [letters.lastIndexOf(letters.slice(-size), letters.length - size - 1), size] as const)
          .find(([place]) => place !== -1);
        const expected = found === undefined ? [] : text.slice(found[0] + found[1], found[0] + found[1] + most);
        expect(draft(text, most)).toEqual(expected);
      }),
    );
  });
});
