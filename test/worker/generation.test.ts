import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as local from "../../ts/index.js";
import { CausalLanguageModel, type LowrankWorker } from "../../ts/worker/index.js";
import { all, decoderFiles } from "../models/language/golden-decoder.js";
import { start } from "./in-worker.js";

const prompt = [1, 20, 31, 42, 53, 64];

describe("a language model in a worker", () => {
  let worker: LowrankWorker;
  let here: local.CausalLanguageModel;
  let there: CausalLanguageModel;
  beforeAll(async () => {
    worker = await start();
    const files = {
      ...(await decoderFiles("qwen2")),
      "chat_template.jinja": new TextEncoder().encode("{{ messages[0].content }}"),
    };
    here = await local.CausalLanguageModel.load(files);
    there = await CausalLanguageModel.load(files, { worker });
    for (const model of [here, there])
      await model.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
  });
  afterAll(() => {
    here?.dispose();
    worker?.terminate();
  });

  it("generates, to the bit, what it generates here", async () => {
    expect([there.name, there.maxTokens]).toEqual([here.name, here.maxTokens]);
    const options = { maxTokens: 80, ignoreEnd: true, temperature: 0.8, seed: 4 };
    expect(await all(there.generateTokens(prompt, options))).toEqual(await all(here.generateTokens(prompt, options)));
    const said = [{ role: "user", content: "a film" }];
    expect(await all(there.generate(said, options))).toEqual(await all(here.generate(said, options)));
    expect(await there.chat(said, options)).toEqual(await here.chat(said, options));
    const { ignoreEnd: _, ...bound } = {
      ...options,
      schema: { type: "object", properties: { a: { type: "string", maxLength: 9 } } },
    };
    expect(await all(there.generateTokens(prompt, bound))).toEqual(await all(here.generateTokens(prompt, bound)));
    await expect(all(there.generate(prompt, { schema: { not: {} } }))).rejects.toThrow(/"not"/);
    const requests = ["mine", null].map((adapter) => ({ prompt, adapter, maxTokens: 20, choices: ["one", "two"] }));
    expect(await all(there.generateBatch(requests))).toEqual(await all(here.generateBatch(requests)));
    const drafts = { assistantModel: there, numAssistantTokens: 3 };
    expect(await all(there.generateTokens(prompt, { ...options, ...drafts }))).toEqual(
      await all(here.generateTokens(prompt, options)),
    );
    expect(await all(there.generateBatch([{ prompt, ...drafts, maxTokens: 9 }]))).toEqual(
      await all(here.generateBatch([{ prompt, maxTokens: 9 }])),
    );
    await expect(all(there.generate(prompt, { assistantModel: here as never }))).rejects.toThrow(/assistantModel/);
    expect(await there.applyChatTemplate(said)).toBe("a film");
    expect(await there.logits(prompt)).toEqual(await here.logits(prompt));
    expect(await there.score(prompt, [[5, 6]])).toEqual(await here.score(prompt, [[5, 6]]));
    expect(await there.perplexity([prompt])).toEqual(await here.perplexity([prompt]));
  });

  it("keeps what it computed for a session, which says what it says here", async () => {
    const options = { maxTokens: 12, ignoreEnd: true };
    const { used } = (await worker.engineInfo()).memory;
    const [session, other] = [await there.session(), here.session()];
    const first = await all(session.generateTokens(prompt, options));
    expect(first).toEqual(await all(other.generateTokens(prompt, options)));
    const longer = [...prompt, ...first.map(({ id }) => id), 7];
    const fork = await session.fork();
    for (const each of [session, fork])
      expect(await all(each.generateTokens(longer, options))).toEqual(await all(here.generateTokens(longer, options)));
    expect(await all(session.generate(longer, options))).toEqual(await all(other.generate(longer, options)));
    expect((await worker.engineInfo()).memory.used).toBeGreaterThan(used);
    await fork.dispose();
    await session.dispose();
    await session.dispose();
    other.dispose();
    expect((await worker.engineInfo()).memory.used).toBe(used);
    await expect(all(session.generate(prompt))).rejects.toThrow(/this session was disposed; `session` makes another/);
  });

  it("a session under way takes no second text, and ends with who leaves it", async () => {
    const session = await there.session();
    const under = session.generateTokens(prompt, { ignoreEnd: true });
    await under.next();
    await expect(session.fork()).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(/a text of this session/) as string,
    });
    await under.return();
    expect((await all(session.generateTokens(prompt, { maxTokens: 3, ignoreEnd: true }))).length).toBe(3);
    await session.dispose();
  });

  it("trains to the same losses", async () => {
    const examples = [{ ids: prompt, mask: [0, 0, 0, 1, 1, 1] }];
    const options = { steps: 3, batchSize: 1, seed: 2 };
    const [a, b] = [await here.fit(examples, options), await there.fit(examples, options)];
    expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
  });

  it("trains on preferences, measures, and exchanges adapters as GGUF, as here", async () => {
    const pairs = [{ prompt: "a", chosen: " film", rejected: " dog" }];
    const options = { steps: 2, batchSize: 1, seed: 2, schedule: () => 0.01 };
    const [a, b] = [await here.fitPreferences(pairs, options), await there.fitPreferences(pairs, options)];
    expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
    const examples = [{ ids: prompt, mask: [0, 0, 0, 1, 1, 1] }];
    const done: number[] = [];
    const measured = await there.evaluate(examples, { onProgress: (count) => done.push(count) });
    expect(measured).toEqual(await here.evaluate(examples));
    expect(done.at(-1)).toBe(1);
    const file = await there.saveGguf("mine");
    expect(file).toEqual(await here.saveGguf("mine"));
    await here.loadGguf("bytes", file);
    await there.loadGguf("bytes", file);
    await there.loadGguf("source", local.bytesSource(file));
    expect(file.byteLength).toBeGreaterThan(0);
    const expected = await here.logits(prompt, { adapter: "bytes" });
    for (const adapter of ["bytes", "source"]) expect(await there.logits(prompt, { adapter })).toEqual(expected);
    for (const name of ["bytes", "source"]) await there.removeAdapter(name);
    here.removeAdapter("bytes");
  });

  it("ends what nobody listens to any more, and gives its memory back", async () => {
    const { used } = (await worker.engineInfo()).memory;
    let pieces = 0;
    for await (const { id } of there.generateTokens(prompt, { ignoreEnd: true })) if (id >= 0 && ++pieces === 3) break;
    expect((await worker.engineInfo()).memory.used).toBe(used);
    const never = there.generateTokens(prompt, { ignoreEnd: true });
    await never.return();
    // Nobody asks this one for anything, nor ends it.
    there.generateTokens(prompt, { ignoreEnd: true });
    expect((await worker.engineInfo()).memory.used).toBe(used);
    // No call is under way there.
    await there.mergeAdapter("mine");
    await there.unmergeAdapter("mine");
  });

  it("hears the caller's signal, and rejects with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = async () => {
      for await (const { id } of there.generateTokens(prompt, { ignoreEnd: true, signal: controller.signal }))
        if (id >= 0) controller.abort(reason);
    };
    await expect(run()).rejects.toMatchObject({ name: "AbortError", cause: reason });
  });

  it("refuses what makes no sense at the first piece, by the errors that there are here", async () => {
    const wrong: [unknown, unknown][] = [
      [prompt, { maxTokens: 0 }],
      [prompt, { signal: 3 }],
      [prompt, 3],
      [[], {}],
      [prompt, { adapter: "nobody" }],
    ];
    for (const [given, options] of wrong) {
      let message = "";
      try {
        here.generateTokens(given as never, options as never);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).not.toBe("");
      const refused = all(there.generateTokens(given as never, options as never));
      await expect(refused).rejects.toMatchObject({ name: "ConfigError", message });
    }
    const unsent = all(there.generateTokens(prompt, { stop: (() => "x") as never }));
    await expect(unsent).rejects.toBeInstanceOf(local.ConfigError);
  });

  it("is gone once it was disposed", async () => {
    await there.dispose();
    await expect(all(there.generate(prompt))).rejects.toThrow(/this language model was disposed/);
  });
});
