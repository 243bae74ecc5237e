import { ModelError } from "../../../errors/errors.js";
import { type ConfigJson, flag, whole } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, queryKeyValue, withWindows, windowsOf } from "./llama-like.js";

/** SmolLM3: Llama, in which every fourth layer does not know positions (NoPE, arXiv 2305.19466). */
export const smollm3: DecoderArchitecture = (json) => {
  const config = llamaLike(json, { tied: true, theta: 2_000_000 });
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: flag(json, "mlp_bias", false) };
  const turns = turnedLayers(json, config.layers);
  // The file's list of layers is valid whether windows are switched on or not.
  const isOn = flag(json, "use_sliding_window", false) || Array.isArray(json["layer_types"]);
  const windowed = withWindows(config, isOn ? windowsOf(json, config.layers, (i) => !turns(i)) : () => null);
  const attention = (i: number) => (turns(i) ? windowed(i) : { ...windowed(i), rotary: null });
  return decoder({ ...config, biases, attention }, llamaNames(), queryKeyValue);
};

/** Which layers turn queries and keys: `no_rope_layers` has a 1 for each, else all but every so many. */
function turnedLayers(json: ConfigJson, layers: number): (i: number) => boolean {
  const given = json["no_rope_layers"];
  if (given === undefined || given === null) {
    const interval = whole({ no_rope_layer_interval: json["no_rope_layer_interval"] ?? 4 }, "no_rope_layer_interval");
    return (i) => (i + 1) % interval !== 0;
  }
  const flags = given as readonly unknown[];
  if (!Array.isArray(given) || flags.length < layers || !flags.every((value) => value === 0 || value === 1))
    throw new ModelError(
      `config.json: no_rope_layers is a list with a 0 or 1 for each of the ${layers} layers or more`,
      {
        key: "no_rope_layers",
      },
    );
  return (i) => flags[i] === 1;
}
