import { describe, expect, it } from "vitest";
import { NonFiniteError } from "../../../ts/index.js";
import { logProbabilities, Sampler, type Sampling } from "../../../ts/models/language/sampler.js";
import { StopWords } from "../../../ts/models/language/sequence.js";

const usual: Sampling = { temperature: 1, topK: undefined, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 };
const probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625];
const logits = () => Float32Array.from(probabilities, Math.log);

/** How often each token is drawn of 4000 times. */
function shares(sampling: Partial<Sampling>, seen: number[] = []): number[] {
  const sampler = new Sampler({ ...usual, ...sampling });
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < 4000; i++) counts[sampler.next(logits(), new Set(seen))]! += 1 / 4000;
  return counts;
}
const near = (found: number[], expected: number[]) =>
  found.forEach((share, i) => expect(Math.abs(share - expected[i]!)).toBeLessThan(0.03));

describe("Sampler", () => {
  it("draws by probability, which the temperature sharpens", () => {
    near(shares({}), probabilities);
    const squares = probabilities.map((p) => p * p);
    const total = squares.reduce((sum, p) => sum + p);
    near(shares({ temperature: 0.5 }), squares.map((p) => p / total)); // prettier-ignore
    expect(shares({ temperature: 0 })).toEqual([1, 0, 0, 0, 0].map((p) => expect.closeTo(p, 6) as number));
  });

  it("leaves unlikely tokens out", () => {
    near(shares({ topK: 2 }), [2 / 3, 1 / 3, 0, 0, 0]);
    near(shares({ topP: 0.7 }), [2 / 3, 1 / 3, 0, 0, 0]);
    near(shares({ topP: 0.75 }), [2 / 3, 1 / 3, 0, 0, 0]);
    near(shares({ topP: 0.76 }), [4 / 7, 2 / 7, 1 / 7, 0, 0]);
    near(shares({ minP: 0.2 }), [4 / 7, 2 / 7, 1 / 7, 0, 0]);
    near(shares({ topK: 99 }), probabilities);
  });

  it("makes less likely what came before", () => {
    const penalised = shares({ repetitionPenalty: 3 }, [0]);
    expect(penalised[0]).toBeLessThan(0.25);
  });

  it("takes an infinite logit, and says where one is NaN", () => {
    const sampler = new Sampler(usual);
    expect(sampler.next(Float32Array.of(0, Infinity, 3), new Set())).toBe(1);
    expect(sampler.next(Float32Array.of(-Infinity, -Infinity, 3), new Set())).toBe(2);
    expect(() => sampler.next(Float32Array.of(0, NaN), new Set())).toThrow(NonFiniteError);
    expect(logProbabilities(logits(), [2])[0]).toBeCloseTo(Math.log(0.125), 6);
  });
});

describe("StopWords", () => {
  const run = (words: string[], pieces: string[]) => {
    const stops = new StopWords(words);
    const shown: string[] = [];
    for (const piece of pieces) shown.push(stops.push(piece));
    return { shown, rest: stops.end(), done: stops.done };
  };

  it("holds back what may become a word, and shows it where it does not", () => {
    expect(run(["\n\n"], ["a\n", "b\n", "\nc"])).toEqual({ shown: ["a", "\nb", ""], rest: "", done: true });
    expect(run(["abcd"], ["xab", "ab", "cx"])).toEqual({ shown: ["x", "ab", "abcx"], rest: "", done: false });
    expect(run(["abcd"], ["xab"])).toEqual({ shown: ["x"], rest: "ab", done: false });
  });

  it("ends at the first of several, and shows nothing behind it", () => {
    expect(run(["yes", "no"], ["say no", "yes"])).toEqual({ shown: ["say ", ""], rest: "", done: true });
    expect(run([], ["a", "b"])).toEqual({ shown: ["a", "b"], rest: "", done: false });
  });
});
