import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { m } from "../../messages/index.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";

/** What stops each search that is under way, by what it looks for: it goes on while another step is shown. */
const stops = new Map<string, AbortController>();

interface Props<T> {
  /** What it looks for, and in which run. */
  readonly id: string;
  /** What was found; a number while it is looked for, undefined before. */
  readonly found: readonly T[] | number | undefined;
  /** The button that begins; null where there is nothing to look through. */
  readonly begin: string | null;
  readonly find: (signal: AbortSignal) => Promise<void>;
  /** What was found, once it is. */
  readonly children: (found: readonly T[]) => ComponentChildren;
}

/** Something that is looked for in many texts: begun by a button, with a meter, and a way to stop. */
export function Search<T>({ id, found, begin, find, children }: Props<T>) {
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
      {found === undefined && begin !== null && (
        <button type="button" onClick={look}>
          {begin}
        </button>
      )}
      {typeof found === "number" && (
        <div class="looking">
          <Meter done={found} label={t.finding(m().percent(found))} />
          <button type="button" class="small" onClick={() => stops.get(id)?.abort()}>
            {t.stop}
          </button>
        </div>
      )}
      {typeof found === "object" && children(found)}
    </>
  );
}
