import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../ts/index.js";
import { type JobEvent, type LanguageJobSpec, memoryStore, unfinishedSpec } from "../../../ts/jobs/index.js";
import { afterStep, run, spec } from "./tiny-language-job.js";

const dora: LanguageJobSpec = { ...spec, steps: 6, dora: true };

describe("a run whose adapter is to be a GGUF LoRA too", () => {
  it.each<[string, Partial<LanguageJobSpec>, RegExp]>([
    [
      "DoRA",
      { dora: true, targetModules: ["q_proj"] },
      /"model\.layers\.0\.self_attn\.q_proj" is more than a low-rank update/,
    ],
    ["a table of words", { targetModules: ["embed_tokens"] }, /"model\.embed_tokens" is more than a low-rank update/],
    ["biases", { lora: { bias: "all" } }, /is more than a low-rank update/],
    ["a module kept whole", { lora: { modulesToSave: ["lm_head"] } }, /lm_head.* is more than a low-rank update/],
  ])("is refused %s before it trains", async (_, more, reason) => {
    const store = memoryStore();
    const events: JobEvent[] = [];
    const running = run({ ...spec, ...more, gguf: true }, store, { onProgress: (event) => events.push(event) });
    const error: unknown = await running.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(/^gguf: .* omit gguf and merge the adapter into the base/);
    expect((error as ConfigError).message).toMatch(reason);
    expect((error as ConfigError).details).toMatchObject({ option: "gguf" });
    expect(events.some((event) => event.type === "progress" && event.phase === "train")).toBe(false);
    expect(store.files()).toEqual({});
  });

  it("ends where it was begun before that was checked: with PEFT's files, and a warning for the other", async () => {
    const whole = memoryStore();
    await run(dora, whole);
    const begun = memoryStore();
    const abort = new AbortController();
    const onProgress = (event: JobEvent) => void (afterStep(3)(event) && abort.abort());
    await run(dora, begun, { signal: abort.signal, onProgress }).catch(() => undefined);
    // What such a run has in its checkpoint: the same settings, with a GGUF LoRA; the space keeps the header's length.
    const files = begun.files();
    const bytes = Buffer.from(files["checkpoint.safetensors"]!);
    const without = Buffer.from('\\"gguf\\":false');
    const place = bytes.indexOf(without);
    expect(place).toBeGreaterThan(0);
    bytes.set(Buffer.from('\\"gguf\\":true '), place);
    const store = memoryStore({
      "checkpoint.safetensors": new Uint8Array(bytes),
      "checkpoint.history.jsonl": files["checkpoint.history.jsonl"]!,
    });
    const warnings: string[] = [];
    const heard = (event: JobEvent) => void (event.type === "warning" && warnings.push(event.message));
    const given = (await unfinishedSpec(store)) as LanguageJobSpec;
    expect(given).toMatchObject({ gguf: true, dora: true });
    await run(given, store, { onProgress: heard });
    expect(warnings).toEqual([
      expect.stringMatching(/^adapter\.gguf was not written: .*; merge it into the base instead$/),
    ]);
    expect(Object.keys(store.files()).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "loss.svg",
      "report.json",
    ]);
    expect(store.files()["adapter_model.safetensors"]).toEqual(whole.files()["adapter_model.safetensors"]);
  });
});
