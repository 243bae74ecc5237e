import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { m } from "../messages/index.js";

/** Number of entries shown at first. */
const FIRST = 6;

/** A list that shows a few entries first, and the rest after a click. */
export function FewFirst({ labelledBy, children }: { labelledBy: string; children: readonly JSX.Element[] }) {
  const all = useSignal(false);
  const hidden = all.value ? 0 : Math.max(children.length - FIRST, 0);
  return (
    <>
      <ol aria-labelledby={labelledBy}>{hidden > 0 ? children.slice(0, FIRST) : children}</ol>
      {hidden > 0 && (
        <button type="button" class="small" onClick={() => (all.value = true)}>
          {m().judge.showMore(hidden)}
        </button>
      )}
    </>
  );
}
