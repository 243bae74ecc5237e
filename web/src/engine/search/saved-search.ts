import { type EncoderId, encoders } from "../encoders.js";
import type { SearchAdapter } from "./vectors.js";

/** Names in the folder of a saved search. */
export const savedNames = { adapter: "adapter", index: "texts.index", texts: "texts.json" } as const;

/** What an index records of its texts and of what made its vectors, as `lowrank search` reads it. */
export async function recordOf(by: EncoderId | SearchAdapter): Promise<Record<string, string>> {
  const record = { model: encoders[typeof by === "string" ? by : by.encoder].name, texts: savedNames.texts };
  if (typeof by === "string") return record;
  const parts = ["adapter_config.json", "adapter_model.safetensors"].map((name) => by.files[name]!);
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts as BlobPart[]).arrayBuffer());
  const adapterHash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...record, adapter: savedNames.adapter, adapterHash };
}
