import { describe, expect, it } from "vitest";
import * as single from "../../../ts/index.js";
import { firstDifference, others, products, results, startPackage, train } from "./workload.js";

// More threads than this machine may have cores: workers come late, sleep in the middle of jobs, and miss whole ones.
const { library, info } = await startPackage(4);

describe("four threads, on however many cores,", () => {
  it("run, and say so", () => {
    expect([info.threads, info.threadsRefused]).toEqual([4, null]);
    expect(library.engineInfo().threads).toBe(4);
  });

  it.each([...products, ...others])("give the bits that one thread gives, again and again: $name", (work) => {
    const one = results(single, work);
    for (let i = 0; i < 5; i++) expect(firstDifference(results(library, work), one)).toBeNull();
  });

  it("train as one thread does, bit for bit", () => {
    const one = train(single, 5);
    for (let i = 0; i < 5; i++) expect(train(library, 5)).toEqual(one);
    expect(train(library, 6)).not.toEqual(one);
  });

  it("are found awake and asleep", async () => {
    const one = train(single, 9);
    for (const pause of [0, 1, 5, 30]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(train(library, 9)).toEqual(one);
    }
  });
});
