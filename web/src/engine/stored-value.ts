import { signal } from "@preact/signals";
import { read, write } from "../storage/database.js";
import { registerPage } from "../storage/page-values.js";

/** A value of a page that is stored under this key for the next visit. */
export function storedValue<T>(key: string, initial: T) {
  const value = signal(initial);
  let isKnown = false;
  /** Other tabs, which store the same value. */
  let others: BroadcastChannel | null = null;
  registerPage(key, {
    get: () => (isKnown ? value.value : null),
    show(given) {
      isKnown = true;
      value.value = { ...initial, ...(given as T | null) };
      others?.postMessage(value.value);
    },
  });
  return {
    value,

    /** Changes fields of the value, and stores it. */
    set(change: Partial<T>): void {
      isKnown = true;
      value.value = { ...value.value, ...change };
      others?.postMessage(value.value);
      void write("project", key, value.value).catch(() => undefined);
    },

    /** Restores the value of an earlier visit. */
    async find(): Promise<void> {
      if (others === null) {
        others = new BroadcastChannel(`lowrank-studio ${key}`);
        others.onmessage = ({ data }: MessageEvent<T>) => {
          isKnown = true;
          value.value = { ...initial, ...data };
        };
      }
      if (isKnown) return;
      const kept = await read<T>("project", key).catch(() => undefined);
      if (kept !== undefined && !isKnown) value.value = { ...initial, ...kept };
      isKnown = true;
    },
  };
}
