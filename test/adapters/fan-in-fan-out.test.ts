import { describe, expect, it, vi } from "vitest";
import { CausalLanguageModel } from "../../ts/index.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { changedJson, decoderAdapter, decoderFiles } from "../models/language/golden-decoder.js";

/*
 * GPT-2's layers are Conv1D: PEFT's files for them say fan_in_fan_out: true, and PEFT corrects what says otherwise.
 */
const configOf = (files: FileMap) =>
  JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;

/** Loads an adapter and saves it again; what was warned of. */
async function reloaded(given: FileMap): Promise<{ saved: FileMap; warnings: string }> {
  using model = await CausalLanguageModel.load(await decoderFiles("gpt2"));
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  model.loadAdapter("peft", given);
  const warnings = warn.mock.calls.flat().join("\n");
  warn.mockRestore();
  return { saved: model.saveAdapter("peft"), warnings };
}

describe("fan_in_fan_out on GPT-2", () => {
  it("is true in PEFT's file, of which nothing is warned, and in the one that is saved", async () => {
    const given = await decoderAdapter("gpt2");
    expect(configOf(given)["fan_in_fan_out"]).toBe(true);
    const { saved, warnings } = await reloaded(given);
    expect(warnings).toBe("");
    expect(configOf(saved)).toEqual(configOf(given));
  });

  it("is set to true where a file says false, with a warning", async () => {
    const given = changedJson(await decoderAdapter("gpt2"), "adapter_config.json", { fan_in_fan_out: false });
    const { saved, warnings } = await reloaded(given);
    expect(warnings).toMatch(/fan_in_fan_out is not set, .* Conv1D: it is set to true/);
    expect(configOf(saved)["fan_in_fan_out"]).toBe(true);
  });

  it("is true of a new adapter, on other models false", async () => {
    using gpt2 = await CausalLanguageModel.load(await decoderFiles("gpt2"));
    gpt2.addAdapter("new", { targetModules: ["c_proj"] });
    expect(configOf(gpt2.saveAdapter("new"))["fan_in_fan_out"]).toBe(true);
    using llama = await CausalLanguageModel.load(await decoderFiles("llama"));
    llama.addAdapter("new", { targetModules: ["q_proj"] });
    expect(configOf(llama.saveAdapter("new"))["fan_in_fan_out"]).toBe(false);
  });
});
