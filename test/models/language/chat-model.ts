import { CausalLanguageModel, type Engine, type FileMap } from "../../../ts/index.js";
import { decoderFiles } from "./golden-decoder.js";

const encode = (text: string) => new TextEncoder().encode(text);

const TEMPLATE = "{% for m in messages %}{{ m.role[0] }}:{{ m.content[:9] }}\n{% endfor %}";

/** Files of a tiny model with a chat template; it has 96 positions, and never ends a text by itself. */
export async function chatFiles(changes: FileMap = {}): Promise<FileMap> {
  return {
    ...(await decoderFiles("qwen2")),
    "generation_config.json": encode(JSON.stringify({ eos_token_id: [] })),
    "chat_template.jinja": encode(TEMPLATE),
    ...changes,
  };
}

/** The model, with two adapters. */
export async function tinyModel(changes: FileMap = {}, engine?: Engine): Promise<CausalLanguageModel> {
  const model = await CausalLanguageModel.load(await chatFiles(changes), { engine });
  model.addAdapter("plain", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
  model.addAdapter("dora", { rank: 3, initLoraWeights: false, alpha: 60, dora: true });
  model.setAdapter(null);
  return model;
}
