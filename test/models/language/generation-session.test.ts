import { describe, expect, it, vi } from "vitest";
import { CausalLanguageModel, ConfigError, engineInfo } from "../../../ts/index.js";
import { manyNumbers } from "../../constraint/many-numbers.js";
import { all, decoderFiles, type DecoderName } from "./golden-decoder.js";

const prompt = [1, 20, 31, 42, 53, 64];
const options = { maxTokens: 8, ignoreEnd: true };
const load = async (name: DecoderName = "qwen3") => CausalLanguageModel.load(await decoderFiles(name));

describe("GenerationSession", () => {
  it.each<DecoderName>(["qwen3", "gemma4_text", "lfm2", "qwen3_5"])(
    "of %s goes on from what it holds, to the bits of the model without it",
    async (name) => {
      using model = await load(name);
      // The tape's chunks are made once, and stay.
      await all(model.generateTokens(prompt, options));
      const { used } = engineInfo().memory;
      const session = model.session();
      const first = await all(session.generateTokens(prompt, options));
      expect(first).toEqual(await all(model.generateTokens(prompt, options)));
      expect(session.tokens).toBe(prompt.length + 7);
      const longer = [...prompt, ...first.map(({ id }) => id), 5, 6];
      expect(await all(session.generateTokens(longer, options))).toEqual(
        await all(model.generateTokens(longer, options)),
      );
      const fork = session.fork();
      const other = [...longer.slice(0, 9), 100, 101];
      expect(await all(fork.generateTokens(other, options))).toEqual(await all(model.generateTokens(other, options)));
      expect(session.tokens).toBe(longer.length + 7);
      const shorter = prompt.slice(0, 2);
      expect(await all(session.generateTokens(shorter, options))).toEqual(
        await all(model.generateTokens(shorter, options)),
      );
      expect(session.bytes).toBeGreaterThan(0);
      session.dispose();
      session.dispose();
      fork.dispose();
      expect(engineInfo().memory.used).toBe(used);
    },
  );

  it("begins anew where adapter or weights have changed", async () => {
    using model = await load();
    model.addAdapter("one", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
    using session = model.session();
    const same = async (given: object) => {
      const all_ = { ...options, ...given };
      expect(await all(session.generateTokens(prompt, all_))).toEqual(await all(model.generateTokens(prompt, all_)));
    };
    await same({ adapter: "one" });
    await same({ adapter: null });
    await same({ adapter: "one" });
    model.scaleAdapter("one", 3);
    await same({ adapter: "one" });
    await model.fit([{ ids: prompt, mask: prompt.map(() => 1) }], {
      adapter: "one",
      steps: 1,
      batchSize: 1,
      schedule: () => 0.1,
    });
    await same({ adapter: "one" });
    await same({ adapter: null });
    model.mergeAdapter("one");
    await same({ adapter: "one" });
    model.unmergeAdapter("one");
    await same({ adapter: null });
  });

  it("keeps its tokens where a call fails before it has computed any", async () => {
    using model = await load();
    model.addAdapter("one", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
    using session = model.session();
    const own = { ...options, adapter: null };
    await all(session.generateTokens(prompt, own));
    const { tokens } = session;
    expect(tokens).toBe(prompt.length + 7);
    const properties = { ...manyNumbers(200), wrong: { enum: 1 }, ...manyNumbers(1_500, 200) };
    const passes = vi.spyOn(model.model, "infer");
    const fails: [readonly number[], object][] = [
      [[2, 3], { adapter: null, signal: AbortSignal.abort() }],
      [prompt, { adapter: "one", signal: AbortSignal.abort() }],
      // Its error comes with the first token.
      [prompt, { adapter: "one", ignoreEnd: false, schema: { properties } }],
    ];
    for (const [ids, more] of fails) {
      const made = session.generateTokens(ids, { ...own, ...more });
      await expect(all(made)).rejects.toThrow(/cancelled|schema\.properties\.wrong/);
      expect(session.tokens).toBe(tokens);
    }
    expect(passes).not.toHaveBeenCalled();
    expect(await all(session.generateTokens(prompt, own))).toEqual(await all(model.generateTokens(prompt, own)));
    // The last token of the prompt, and those that follow.
    expect(passes.mock.calls[0]![0].ids).toHaveLength(1);
  });

  it("has one text at a time, and goes on behind one that was given up", async () => {
    using model = await load();
    const session = model.session();
    const running = session.generateTokens(prompt, options);
    await running.next();
    await running.next();
    expect(() => session.generateTokens(prompt)).toThrow(ConfigError);
    expect(() => session.fork()).toThrow(/under way/);
    // Others do not disturb it, nor it them.
    await all(model.generateTokens([9, 8, 7], options));
    await running.return();
    expect(await all(session.generateTokens(prompt, options))).toEqual(
      await all(model.generateTokens(prompt, options)),
    );
    session.dispose();
    expect(() => session.generate(prompt)).toThrow(/was disposed/);
  });
});
