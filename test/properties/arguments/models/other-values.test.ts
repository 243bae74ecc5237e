// @rest otherValues
import { describe, expect, it } from "vitest";
import { named, refusals } from "../refusals.js";
import { classifierCalls, encoderCalls, modelCalls } from "./calls.js";
import { ground } from "./scene.js";

describe.each([
  ["functions", named(modelCalls)],
  ["SentenceEncoder", named(encoderCalls)],
  ["TextClassifier", named(classifierCalls)],
])("%s", (_, calls) => {
  it.each(calls)(
    "%s refuses the other wrong values by name, and nothing has changed",
    { timeout: 600_000 },
    async (_, call) => {
      expect(await refusals(ground, call, "others")).toEqual([]);
    },
  );
});
