import { describe, expect, it } from "vitest";
import { AdapterError, readAdapter, UnsupportedError, writeAdapter } from "../../../ts/index.js";
import { adapterFiles } from "./adapters.js";

const files = await adapterFiles("valid/llama_plain");

function withFields(fields: Record<string, unknown>) {
  const json = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;
  return { ...files, "adapter_config.json": new TextEncoder().encode(JSON.stringify({ ...json, ...fields })) };
}

/** What reading says. */
function refusal(fields: Record<string, unknown>): Error {
  try {
    readAdapter(withFields(fields));
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${JSON.stringify(fields)} was accepted`);
}

describe("what is not computed here is refused by name, with what to do instead", () => {
  it.each([
    ["alora_invocation_tokens", [1, 2]],
    ["arrow_config", { top_k: 2 }],
    ["enable_lora", [true, false, true]],
    ["kasa_config", { beta: 1 }],
    ["layer_replication", [[0, 2], [1, 2]]], // prettier-ignore
    ["megatron_config", { hidden_size: 8 }],
    ["monteclora_config", { samples: 2 }],
    ["target_parameters", ["experts.gate_up_proj"]],
    ["use_bdlora", { nblocks: 2 }],
    ["use_qalora", true],
    ["velora_config", { rank: 1 }],
  ])("%s", (name, value) => {
    const error = refusal({ [name]: value });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toMatch(new RegExp(`^adapter_config.json: ${name} is set, which is not supported: .{20,}`));
  });

  it.each([
    ["pissa", /path_initial_model_for_weight_conversion/],
    ["PiSSA", /path_initial_model_for_weight_conversion/],
    ["pissa_niter_16", /random.*path_initial_model_for_weight_conversion/],
    ["olora", /path_initial_model_for_weight_conversion/],
    ["corda", /path_initial_model_for_weight_conversion/],
    ["lora_ga", /path_initial_model_for_weight_conversion/],
    ["loftq", /train on the base as it is/],
    ["eva", /set init_lora_weights to true/],
    ["mica", /B is singular vectors .* set init_lora_weights to true/],
    ["something_new", /not known here/],
  ])("init_lora_weights %s", (init, advice) => {
    const error = refusal({ init_lora_weights: init });
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toContain("init_lora_weights");
    expect(error.message).toMatch(advice);
  });

  it.each([
    [{ target_modules: ".*_proj", layers_to_transform: [1] }, ["target_modules", "layers_to_transform"]],
    [{ layers_pattern: "layers" }, ["layers_pattern", "layers_to_transform"]],
    [{ lora_bias: true, use_dora: true }, ["lora_bias", "use_dora"]],
  ])("%j", (fields, named) => {
    const error = refusal(fields);
    expect(error).toBeInstanceOf(AdapterError);
    for (const name of named) expect(error.message).toContain(name);
  });
});

describe("what changes nothing about a trained adapter is accepted", () => {
  it.each([
    { init_lora_weights: "gaussian" },
    { init_lora_weights: "orthogonal" },
    { init_lora_weights: false },
    { loftq_config: {}, use_qalora: false, target_parameters: null, layer_replication: [], layers_pattern: [] },
    { megatron_core: "megatron.core", ensure_weight_tying: false, qalora_group_size: 16 },
  ])("%j", (fields) => {
    expect(readAdapter(withFields(fields)).layers.size).toBe(4);
  });

  it("fields that are not known are kept when the file is written again", () => {
    const fields = { field_of_tomorrow: { a: [1, "x", null] }, trainable_token_indices: { wte: [1, 2] } };
    const written = writeAdapter(readAdapter(withFields(fields)));
    const json = JSON.parse(new TextDecoder().decode(written["adapter_config.json"])) as Record<string, unknown>;
    expect(json).toMatchObject(fields);
  });
});
