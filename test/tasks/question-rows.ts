/** Six words and their opposites. */
export const words = [
  "good",
  "warm",
  "funny",
  "fine",
  "lovely",
  "bright",
  "bad",
  "cold",
  "dull",
  "poor",
  "awful",
  "grim",
];
export const things = ["film", "story", "music", "end", "start"];

/**
 * Questions with the text that belongs to each, a word's opposite about the same thing, and one that does not: vectors do not know that before
 * they are trained.
 */
export const questions = things.flatMap((thing) =>
  words.map((word, i) => ({
    anchor: `Was the ${thing} ${word}?`,
    positive: `It is ${words[(i + 6) % 12]!}, the ${thing}.`,
    negative: `It is ${words[(i + 3) % 12]!}, the ${thing}.`,
  })),
);
