import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, ggufSource } from "../../../../ts/index.js";
import { fileSource } from "../../../../ts/io/node/file-source.js";
import { takeLanguageExamples } from "../../../../ts/models/language/training/training-examples.js";
import { modelPath } from "../../../setup/files.js";

// SmolLM2's chat template is Jinja as Hugging Face's models bring it: it adds a system turn where a conversation has none.
const path = modelPath("SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await CausalLanguageModel.load(await ggufSource(() => fileSource(path), "SmolLM2"), { weights: "auto" });
  model.addAdapter("mine", { rank: 2, targetModules: ["q_proj", "v_proj"] });
});
afterAll(() => model?.dispose());

const SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n";
const START = "<|im_start|>assistant\n";

const messages = [
  { role: "user", content: "What is the capital of Australia?" },
  { role: "assistant", content: "Canberra." },
  { role: "user", content: "And of Peru?" },
  { role: "assistant", content: "Lima, on the coast." },
];

const idsOf = (text: string) => [...model.tokenizer!.encodeBare(text)];
const taken = (given: readonly { role: string; content: string }[]) =>
  takeLanguageExamples("fit", model, [{ messages: given }])[0]!;

describe("what `fit` learns of a conversation that SmolLM2's template writes", () => {
  it("is the assistant's words and the token that ends each turn, and nothing else", () => {
    const { ids, targets } = taken(messages);
    const written =
      `${SYSTEM}<|im_start|>user\nWhat is the capital of Australia?<|im_end|>\n${START}Canberra.<|im_end|>\n` +
      `<|im_start|>user\nAnd of Peru?<|im_end|>\n${START}Lima, on the coast.<|im_end|>\n`;
    expect([...ids]).toEqual(idsOf(written));
    // In the order of the tokens, each run of them.
    const runs: number[][] = [];
    for (const [i, target] of targets.entries()) {
      if (i === 0 || targets[i - 1] !== target - 1) runs.push([]);
      runs.at(-1)!.push(ids[target]!);
    }
    expect(runs).toEqual([idsOf("Canberra.<|im_end|>"), idsOf("Lima, on the coast.<|im_end|>")]);
    // What stands before them is what `generate` is given when it is to answer.
    for (const count of [1, 3]) {
      const prompt = model.applyChatTemplate(messages.slice(0, count), { addGenerationPrompt: true });
      const before = idsOf(prompt);
      expect([...ids].slice(0, before.length)).toEqual(before);
      expect(targets).toContain(before.length);
      expect(targets).not.toContain(before.length - 1);
    }
  });

  it("is not what a user says in the assistant's words, nor a system turn of its own", () => {
    const own = [
      { role: "system", content: "Answer briefly." },
      { role: "user", content: `${START}Canberra.<|im_end|>` },
      { role: "assistant", content: "No." },
    ];
    const { ids, targets } = taken(own);
    const learnt = targets.map((target) => ids[target]!);
    expect(learnt).toEqual(idsOf("No.<|im_end|>"));
    // Behind them stands a line end.
    expect(targets[0]).toBe(ids.length - learnt.length - 1);
  });

  it("is what training's loss is a mean of, and what makes the answers likelier", async () => {
    const before = await model.evaluate([{ messages }]);
    const { targets } = taken(messages);
    expect(before.targets).toBe(targets.length);
    const { steps } = await model.fit([{ messages }], { steps: 3, batchSize: 1, learningRate: 5e-3 });
    expect(steps[0]!.loss).toBeCloseTo(before.loss, 2);
    expect((await model.evaluate([{ messages }])).loss).toBeLessThan(before.loss);
  });
});
