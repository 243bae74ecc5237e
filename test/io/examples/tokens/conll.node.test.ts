import { expect, it } from "vitest";
import { readTokens } from "../../../../ts/io/examples/tokens/read-tokens.js";

const read = async (text: string) =>
  (await readTokens(new TextEncoder().encode(text), { file: "a.conll", fields: {}, onWarning: () => {} })).map(
    ({ example }) => ("words" in example ? [example.words.join(" "), example.labels.join(" ")] : []),
  );

it("leaves comments out that have as many columns as words, and keeps words that begin with a number sign", async () => {
  const comment = "# id 5b7ff0a5 domain=en\n";
  const sentence = "Ada _ _ B-PER\nsang _ _ O\n";
  const words = ["Ada sang", "B-PER O"];
  expect(await read(`${comment}${sentence}\n${comment}${sentence}`)).toEqual([words, words]);
  expect(await read(`# id 5b7ff0a5\tdomain=en\n${sentence}`)).toEqual([words]);
  expect(await read("# O\n#1 B-PER\nAda B-PER\nsang O\n")).toEqual([["# #1 Ada sang", "O B-PER B-PER O"]]);
  // Within a sentence nothing is a comment.
  expect(await read("Ada B-PER\n# SIGN\nsang O\n")).toEqual([["Ada # sang", "B-PER SIGN O"]]);
});
