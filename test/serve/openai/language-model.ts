import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { CausalLanguageModel, type Engine, type FileMap } from "../../../ts/index.js";
import { type Handler, httpServerOf } from "../../../ts/cli/files/http-bridge.js";
import { decoderFiles } from "../../models/language/golden-decoder.js";

const TEMPLATE = "{% for m in messages %}{{ m.role[0] }}:{{ m.content[:9] }}\n{% endfor %}";

/** A tiny model with a chat template and two adapters; it has 96 positions, and never ends a text by itself. */
export async function tinyModel(changes: FileMap = {}, engine?: Engine): Promise<CausalLanguageModel> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = {
    ...(await decoderFiles("qwen2")),
    "generation_config.json": encode(JSON.stringify({ eos_token_id: [] })),
    "chat_template.jinja": encode(TEMPLATE),
    ...changes,
  };
  const model = await CausalLanguageModel.load(files, { engine });
  model.addAdapter("plain", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
  model.addAdapter("dora", { rank: 3, initLoraWeights: false, alpha: 60, dora: true });
  model.setAdapter(null);
  return model;
}

/** A server of a handler on a free port of this machine, and OpenAI's own client for it. */
export async function listening(handler: Handler, apiKey = "none") {
  const http = httpServerOf(handler);
  await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const close = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { client, url, close };
}
