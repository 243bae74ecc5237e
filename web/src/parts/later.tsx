import type { ComponentType } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { m } from "../messages/index.js";
import { Problem } from "./problem.js";

/** A page that is fetched when it is opened, so that the first load does without. */
export const later = (fetchPage: () => Promise<ComponentType>) =>
  function Later() {
    const Page = useSignal<ComponentType | null>(null);
    const error = useSignal<unknown>(null);
    useEffect(() => {
      fetchPage().then(
        (page) => (Page.value = page),
        (reason: unknown) => (error.value = reason),
      );
    }, []);
    if (error.value !== null) return <Problem error={error.value} title="" />;
    return Page.value === null ? <p class="hint">{m().data.reading}</p> : <Page.value />;
  };
