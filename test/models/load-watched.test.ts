import { describe, expect, it } from "vitest";
import { AbortError, ConfigError, engineInfo, type LoadProgress } from "../../ts/index.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { tinyEncoder } from "./tiny-encoder.js";

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("loading a model", () => {
  it("tells how far each file is read, to its end", async () => {
    const files = await tinyEncoder();
    const told: LoadProgress[] = [];
    using _ = await SentenceEncoder.load(files, { onProgress: (progress) => told.push(progress) });
    for (const file of ["config.json", "tokenizer.json", "model.safetensors"]) {
      const own = told.filter((progress) => progress.file === file);
      expect(own.length).toBeGreaterThan(0);
      for (const { done, total } of own) {
        expect(total).toBe(files[file]!.length);
        expect(done).toBeLessThanOrEqual(total);
      }
      if (file !== "model.safetensors") expect(own.at(-1)!.done).toBe(own[0]!.total);
    }
    const weights = told.filter(({ file }) => file === "model.safetensors").map(({ done }) => done);
    expect(weights.length).toBeGreaterThan(5);
    expect(weights).toEqual(weights.toSorted((a, b) => a - b));
  });

  it.each(["config.json", "tokenizer.json", "model.safetensors"])(
    "is cancelled in %s, and leaves nothing",
    async (at) => {
      const before = engineInfo().memory.used;
      const abort = new AbortController();
      const after: LoadProgress[] = [];
      const onProgress = (progress: LoadProgress) => {
        if (abort.signal.aborted) after.push(progress);
        else if (progress.file === at) abort.abort("enough");
      };
      const error = await failure(SentenceEncoder.load(await tinyEncoder(), { signal: abort.signal, onProgress }));
      expect(error).toBeInstanceOf(AbortError);
      expect((error as AbortError).details).toMatchObject({ reason: "enough" });
      expect(after).toEqual([]);
      expect(engineInfo().memory.used).toBe(before);
    },
  );

  it("is cancelled while a file does not come, and closes what comes later", async () => {
    const abort = new AbortController();
    const closed: string[] = [];
    let answer!: () => void;
    const { name, open } = await modelSource(await tinyEncoder());
    const slow = {
      name,
      open: async (file: string) => {
        setTimeout(() => abort.abort(), 1);
        await new Promise<void>((resolve) => (answer = resolve));
        return { ...(await open(file))!, close: async () => void closed.push(file) };
      },
    };
    expect(await failure(SentenceEncoder.load(slow, { signal: abort.signal }))).toBeInstanceOf(AbortError);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(closed).toEqual(["config.json"]);
  });

  it("is cancelled before it begins, and refuses what is no signal or function", async () => {
    const files = await tinyEncoder();
    expect(await failure(SentenceEncoder.load(files, { signal: AbortSignal.abort() }))).toBeInstanceOf(AbortError);
    for (const options of [{ signal: 3 }, { onProgress: "x" }])
      expect(await failure(SentenceEncoder.load(files, options as never))).toBeInstanceOf(ConfigError);
  });
});
