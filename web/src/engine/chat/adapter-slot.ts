import { signal } from "@preact/signals";
import type { SavedFiles } from "../stores.js";
import { type Loaded, loaded } from "./language-model.js";

/** An adapter of a language model, in PEFT's format. */
export interface ChatAdapter {
  /** The id of its training, if it was trained here. */
  readonly id?: string;
  /** The name that the user sees. */
  readonly name: string;
  readonly files: SavedFiles;
}

/** A place of the model for one adapter, which has this name in the model. */
export function adapterSlot(slotName: string) {
  const adapter = signal<ChatAdapter | null>(null);
  const problem = signal<unknown>(null);
  /** The model instance that has the adapter. Another instance gets the adapter before it answers. */
  let holder: Loaded["model"] | null = null;
  /** One change after the other, so that each finds the model as the one before left it. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<R>(work: () => Promise<R>): Promise<R> {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  }
  async function put(model: Loaded["model"], files: SavedFiles): Promise<void> {
    if (holder === model) await model.removeAdapter(slotName);
    holder = null;
    await model.loadAdapter(slotName, files);
    holder = model;
  }
  return {
    slotName,
    adapter,
    problem,

    /** Adds an adapter to the model. If that fails, the error is shown and the previous adapter stays. */
    use: (given: ChatAdapter): Promise<boolean> =>
      inTurn(async () => {
        const now = loaded.value;
        if (now === null) return false;
        problem.value = null;
        try {
          await put(now.model, given.files);
          adapter.value = given;
          return true;
        } catch (error) {
          problem.value = error;
          const before = adapter.value;
          if (before !== null) await put(now.model, before.files).catch(() => (adapter.value = null));
          return false;
        }
      }),

    /** Adds the adapter to the model again after the model was reloaded. */
    ensure: (model: Loaded["model"]): Promise<void> =>
      inTurn(async () => {
        if (adapter.value !== null && holder !== model) await put(model, adapter.value.files);
      }),

    remove: (): Promise<void> =>
      inTurn(async () => {
        adapter.value = null;
        const model = holder;
        holder = null;
        await model?.removeAdapter(slotName).catch(() => undefined);
      }),

    /** Forgets the adapter of another model. */
    clear(): void {
      holder = null;
      adapter.value = null;
      problem.value = null;
    },
  };
}

export type AdapterSlot = ReturnType<typeof adapterSlot>;
