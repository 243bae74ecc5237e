import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { m } from "../../messages/index.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";

/** Abort controllers of running searches, by id. A search continues while another step is shown. */
const stops = new Map<string, AbortController>();

interface Props<T> {
  /** Kind of search, and the run's id. */
  readonly id: string;
  /** Results; a number (the finished share) while it runs, undefined before. */
  readonly found: readonly T[] | number | undefined;
  /** Label of the start button; null if there is nothing to search. */
  readonly begin: string | null;
  /** Whether the results can be searched anew. Default false. */
  readonly isDone?: boolean;
  readonly find: (signal: AbortSignal) => Promise<void>;
  /** Renders the results. */
  readonly children: (found: readonly T[]) => ComponentChildren;
}

/** A search in many texts, with a start button, a progress bar and a stop button. */
export function Search<T>({ id, found, begin, isDone = false, find, children }: Props<T>) {
  const t = m().judge;
  const error = useSignal<unknown>(null);
  const look = () => {
    error.value = null;
    const stop = new AbortController();
    stops.set(id, stop);
    find(stop.signal).catch((reason: unknown) => (error.value = reason));
  };
  return (
    <>
      {error.value !== null && <Problem error={error.value} title="" />}
      {typeof found === "number" && (
        <div class="looking">
          <Meter done={found} label={t.finding(m().wholePercent(found))} />
          <button type="button" class="small" onClick={() => stops.get(id)?.abort()}>
            {t.stop}
          </button>
        </div>
      )}
      {typeof found === "object" && children(found)}
      {(found === undefined || isDone) && begin !== null && (
        <button type="button" onClick={look}>
          {begin}
        </button>
      )}
    </>
  );
}
