import type { ComponentType } from "preact";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { m, textsLoaded } from "../messages/index.js";
import { Problem } from "./problem.js";

const Reading = () => <p class="hint">{m().data.reading}</p>;

/**
 * A page whose code is loaded when it is opened, to keep the first load small. `Meanwhile` is shown until then. `fetched` resolves when it
 * has loaded or failed.
 */
export function later(fetchPage: () => Promise<ComponentType>, Meanwhile: ComponentType = Reading) {
  const Page = signal<ComponentType | null>(null);
  const error = signal<unknown>(null);
  const fetched = async (): Promise<void> => {
    try {
      const page = await fetchPage();
      await textsLoaded();
      Page.value = page;
      error.value = null;
    } catch (reason) {
      error.value = reason;
    }
  };
  function Later() {
    useEffect(() => {
      if (Page.value === null) void fetched();
    }, []);
    if (Page.value !== null) return <Page.value />;
    return error.value !== null ? <Problem error={error.value} title="" /> : <Meanwhile />;
  }
  return Object.assign(Later, { fetched });
}
