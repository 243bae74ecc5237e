// @rest otherValues
import { afterAll, beforeAll, expect, it } from "vitest";
import { endWorker, setStage, stage, workerCalls } from "./calls.js";
import { differences } from "./pairs.js";

beforeAll(setStage);
afterAll(endWorker);

it.each(workerCalls)(
  "%s in a worker answers the other wrong values as the call itself",
  { timeout: 600_000 },
  async (_, pair) => {
    expect(await differences(stage, pair, "others")).toEqual([]);
  },
);
