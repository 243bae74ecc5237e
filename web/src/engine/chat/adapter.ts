import { computed, effect, signal } from "@preact/signals";
import { baseName, filesNamed } from "../../storage/zip.js";
import type { SavedFiles } from "../stores.js";
import { type Loaded, loaded } from "./language-model.js";

/** An adapter of a language model, in PEFT's format. */
export interface ChatAdapter {
  /** The name that the user sees. */
  readonly name: string;
  readonly files: SavedFiles;
}

/** The adapter's name in the model. There is one at a time. */
export const ADAPTER = "mine";

export const adapter = signal<ChatAdapter | null>(null);
export const adapterProblem = signal<unknown>(null);
/** The model instance that has the adapter. Another instance gets the adapter before it answers. */
let holder: Loaded["model"] | null = null;

/** The name of the model that the adapter belongs to. Another model starts without it. */
let meant: string | null = null;
effect(() => {
  const name = loaded.value?.kept.name ?? null;
  if (name === null || name === meant) return;
  meant = name;
  holder = null;
  adapter.value = null;
  adapterProblem.value = null;
});

export const hasAdapter = computed(() => adapter.value !== null);

const names = ["adapter_config.json", "adapter_model.safetensors"];
const LARGEST = 1e9;

/** Finds the adapter among the picked files: a zip, or adapter_config.json with adapter_model.safetensors. */
async function filesOf(picked: readonly File[]): Promise<SavedFiles> {
  const bytes = async (file: File) => new Uint8Array(await file.arrayBuffer());
  const zip = picked.find(({ name }) => /\.zip$/i.test(name));
  if (zip !== undefined) return filesNamed(await bytes(zip), names, LARGEST);
  const wanted = picked.filter(({ name, size }) => names.includes(name) && size < LARGEST);
  return Object.fromEntries(await Promise.all(wanted.map(async (file) => [file.name, await bytes(file)] as const)));
}

/** Adds an adapter to the model. If that fails, the error is shown and the previous adapter stays. */
export async function useAdapter(name: string, files: SavedFiles): Promise<boolean> {
  const now = loaded.value;
  if (now === null) return false;
  adapterProblem.value = null;
  try {
    await put(now.model, files);
    adapter.value = { name, files };
    return true;
  } catch (error) {
    adapterProblem.value = error;
    const before = adapter.value;
    if (before !== null) await put(now.model, before.files).catch(() => (adapter.value = null));
    return false;
  }
}

export async function pickAdapter(picked: readonly File[]): Promise<void> {
  const [first] = picked;
  if (first === undefined) return;
  try {
    const name =
      picked.length === 1 ? first.name : baseName(first.webkitRelativePath.replace(/\/[^/]*$/, "")) || first.name;
    await useAdapter(name.replace(/\.zip$/i, ""), await filesOf(picked));
  } catch (error) {
    adapterProblem.value = error;
  }
}

async function put(model: Loaded["model"], files: SavedFiles): Promise<void> {
  if (holder === model) await model.removeAdapter(ADAPTER);
  holder = null;
  await model.loadAdapter(ADAPTER, files);
  holder = model;
}

/** Adds the adapter to the model again after the model was reloaded. */
export async function ensureAdapter(model: Loaded["model"]): Promise<void> {
  if (adapter.value !== null && holder !== model) await put(model, adapter.value.files);
}

export async function removeAdapter(): Promise<void> {
  adapter.value = null;
  const model = holder;
  holder = null;
  await model?.removeAdapter(ADAPTER).catch(() => undefined);
}
