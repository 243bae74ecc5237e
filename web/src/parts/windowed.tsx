import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { seenRows } from "./seen-rows.js";

interface Props {
  readonly label: string;
  readonly count: number;
  /** Height of every row in pixels. */
  readonly height: number;
  readonly head: ComponentChildren;
  readonly columns: number;
  readonly row: (index: number) => JSX.Element;
}

/** A table with any number of rows. Only the visible ones are in the page. */
export function Windowed({ label, count, height, head, columns, row }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const seen = useSignal(600);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => (seen.value = entry!.contentRect.height));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const { first, last, above, below } = seenRows(top.value, seen.value, count, height);
  const space = (pixels: number) => (
    <tr aria-hidden="true" class="space" style={{ height: `${pixels}px` }}>
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
          {above > 0 && space(above)}
          {Array.from({ length: Math.max(0, last - first) }, (_, i) => row(first + i))}
          {below > 0 && space(below)}
        </tbody>
      </table>
    </div>
  );
}
