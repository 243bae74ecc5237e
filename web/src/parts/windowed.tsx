import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Rows above and below what is seen, so that quick scrolling shows no gap. */
const SPARE = 8;

interface Props {
  readonly label: string;
  readonly count: number;
  /** Height of every row in pixels. */
  readonly height: number;
  readonly head: ComponentChildren;
  readonly columns: number;
  readonly row: (index: number) => JSX.Element;
}

/** A table of any number of rows, of which only those that are seen are in the page. */
export function Windowed({ label, count, height, head, columns, row }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const seen = useSignal(600);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => (seen.value = entry!.contentRect.height));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const first = Math.max(0, Math.min(Math.floor(top.value / height) - SPARE, count - 1));
  const last = Math.min(count, Math.ceil((top.value + seen.value) / height) + SPARE);
  const space = (rows: number) => (
    <tr aria-hidden="true" class="space" style={{ height: `${rows * height}px` }}>
      <td colSpan={columns} />
    </tr>
  );
  return (
    <div
      class="windowed"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <table aria-label={label} aria-rowcount={count + 1}>
        <thead>{head}</thead>
        <tbody>
          {first > 0 && space(first)}
          {Array.from({ length: Math.max(0, last - first) }, (_, i) => row(first + i))}
          {last < count && space(count - last)}
        </tbody>
      </table>
    </div>
  );
}
