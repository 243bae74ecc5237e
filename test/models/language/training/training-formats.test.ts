import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, ConfigError, type LanguageExample } from "../../../../ts/index.js";
import { takeLanguageExamples, truncated } from "../../../../ts/models/language/training/training-examples.js";
import { decoderFiles } from "../golden-decoder.js";

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("llama"));
});
afterAll(() => model?.dispose());

const taken = (example: unknown, options = {}) =>
  takeLanguageExamples("fit", model, [example as LanguageExample], options)[0]!;
const same = (a: unknown, b: unknown, options = {}) => expect(taken(a, options)).toEqual(taken(b));

describe("formats", () => {
  it("takes a text as a whole", () => {
    const { ids, targets } = taken({ text: "a good film" });
    const own = [...model.tokenizer!.encode("a good film")];
    const [end] = model.ends;
    expect([...ids]).toEqual([...own, end]);
    // All but the first token, which nothing stands before.
    expect(targets).toEqual(Array.from({ length: ids.length - 1 }, (_, i) => i + 1));
  });

  it("writes instructions as Alpaca's where there is no chat template", () => {
    same(
      { instruction: "Name it.", input: "a film", output: "Alien" },
      {
        prompt: "### Instruction:\nName it.\n\n### Input:\na film\n\n### Response:\n",
        completion: "Alien",
      },
    );
    const plain = { prompt: "### Instruction:\nName it.\n\n### Response:\n", completion: "Alien" };
    for (const input of [undefined, null, ""]) same({ instruction: "Name it.", input, output: "Alien" }, plain);
  });

  it("takes other names of fields, and the format that they tell", () => {
    const plain = { prompt: "a film", completion: " is good" };
    same({ question: "a film", answer: " is good" }, plain, { fields: { prompt: "question", completion: "answer" } });
    same({ prompt: "a film", answer: " is good", text: "no" }, plain, { fields: { completion: "answer" } });
    same({ ...plain, text: "no", more: 1 }, plain);
    same({ body: "a film", ...plain }, { text: "a film" }, { fields: { text: "body" } });
  });

  it.each<[string, unknown, object, RegExp]>([
    ["an unknown format", { question: "a" }, {}, /example 0 is one of .*\{ text \}, got fields "question"/],
    [
      "a missing field",
      { text: "a" },
      { fields: { text: "body" } },
      /example 0 is one of \{ body \}, got fields "text"/,
    ],
    ["a field that is no text", { body: 3 }, { fields: { text: "body" } }, /example 0: body is a text, got 3/],
    ["an unknown field", { text: "a" }, { fields: { txt: "a" } }, /no option "txt"; did you mean "text"/],
    [
      "a text without a target",
      { prompt: "a", completion: "" },
      { maxTokens: 1 },
      /maxTokens is a whole number from 2/,
    ],
  ])("refuses %s", async (_, example, options, message) => {
    model.addAdapter("some", { rank: 1 });
    const work = model.fit([example as LanguageExample], { steps: 1, adapter: "some", ...options });
    await expect(work).rejects.toThrow(ConfigError);
    await expect(model.fit([example as LanguageExample], { steps: 1, adapter: "some", ...options })).rejects.toThrow(
      message,
    );
    model.removeAdapter("some");
  });
});

describe("truncation", () => {
  /** Tokens 0 to length − 1, those from `first` to `end` targets. */
  const example = (length: number, first: number, end: number) => ({
    ids: Int32Array.from({ length }, (_, i) => i),
    targets: Array.from({ length: end - first }, (_, i) => first + i),
  });
  /** Ids of the tokens, and of the targets. */
  const cut = (given: ReturnType<typeof example>, most: number) => {
    const { ids, targets } = truncated(given, most);
    return [[ids[0], ids.at(-1)], targets.map((target) => ids[target])];
  };

  it("keeps all targets where they fit", () => {
    expect(cut(example(10, 7, 10), 10)).toEqual([[0, 9], [7, 8, 9]]); // prettier-ignore
    // A long prompt loses its start.
    expect(cut(example(100, 97, 100), 10)).toEqual([[90, 99], [97, 98, 99]]); // prettier-ignore
    // What follows the last target goes first.
    expect(cut(example(100, 3, 5), 10)).toEqual([[0, 9], [3, 4]]); // prettier-ignore
    expect(cut(example(100, 97, 100), 4)).toEqual([[96, 99], [97, 98, 99]]); // prettier-ignore
  });

  it("keeps targets with what stands before them where they do not fit", () => {
    expect(cut(example(100, 2, 100), 10)).toEqual([[0, 9], [2, 3, 4, 5, 6, 7, 8, 9]]); // prettier-ignore
    expect(cut(example(100, 50, 100), 10)).toEqual([[45, 54], [50, 51, 52, 53, 54]]); // prettier-ignore
    expect(cut(example(100, 50, 100), 3)).toEqual([[49, 51], [50, 51]]); // prettier-ignore
  });

  it("never leaves an example without one", () => {
    for (let first = 1; first < 12; first++)
      for (let end = first + 1; end <= 12; end++)
        for (let most = 2; most < 12; most++) {
          const { ids, targets } = truncated(example(12, first, end), most);
          expect(targets.length).toBeGreaterThan(0);
          expect(ids.length).toBe(most);
          expect(targets.every((target) => target > 0 && ids[target]! >= first && ids[target]! < end)).toBe(true);
          if (end - first < most) expect(targets.length).toBe(end - first);
        }
  });

  it("is done where it is asked for", async () => {
    const long = { ids: new Array<number>(97).fill(3), mask: new Array<number>(97).fill(1) };
    expect(() => taken(long)).toThrow(/example 0 has 97 tokens; the model has 96 positions \(maxTokens cuts/);
    expect(taken(long, { maxTokens: 20 }).ids.length).toBe(20);
    // Beyond the model's positions there is no room.
    expect(taken(long, { maxTokens: 1000 }).ids.length).toBe(96);
  });
});
