import { computed, effect } from "@preact/signals";
import { baseName, filesNamed } from "../../storage/zip.js";
import type { SavedFiles } from "../stores.js";
import { type AdapterSlot, adapterSlot } from "./adapter-slot.js";
import { type Loaded, loaded } from "./language-model.js";

/** The adapter in use, and another one that answers beside it. */
export const slots = { adapted: adapterSlot("mine"), second: adapterSlot("second") } as const;
export const { adapter } = slots.adapted;
export const { adapter: second } = slots.second;

/** The name of the model that the adapters belong to. Another model starts without them. */
let meant: string | null = null;
effect(() => {
  const name = loaded.value?.kept.name ?? null;
  if (name === null || name === meant) return;
  meant = name;
  slots.adapted.clear();
  slots.second.clear();
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

/** Uses the adapter in the picked files. An error is shown. */
export async function pickAdapter(picked: readonly File[], slot: AdapterSlot): Promise<void> {
  const [first] = picked;
  if (first === undefined) return;
  try {
    const name =
      picked.length === 1 ? first.name : baseName(first.webkitRelativePath.replace(/\/[^/]*$/, "")) || first.name;
    await slot.use({ name: name.replace(/\.zip$/i, ""), files: await filesOf(picked) });
  } catch (error) {
    slot.problem.value = error;
  }
}

/** Adds the adapters to the model again after the model was reloaded. */
export async function ensureAdapters(model: Loaded["model"]): Promise<void> {
  await slots.adapted.ensure(model);
  await slots.second.ensure(model);
}

/** Removes the adapter in use. The one beside it takes its place. */
export async function removeAdapter(): Promise<void> {
  const next = second.value;
  await slots.second.remove();
  if (next === null) await slots.adapted.remove();
  else await slots.adapted.use(next);
}
