import { signal } from "@preact/signals";

/** What a notice offers to undo: nothing, the last change of the rows, or what a function takes back. */
type Undo = boolean | (() => void);
/** The current notice, also read out by screen readers; null if there is none. */
export const notice = signal<{ readonly text: string; readonly undo: Undo } | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;
export function notify(text: string, undo: Undo = false): void {
  notice.value = { text, undo };
  clearTimeout(timer);
  timer = setTimeout(() => (notice.value = null), 8000);
}

/** What a screen reader announces while a training runs: its stages and its end, in one place that outlives the pages. */
export const spoken = signal("");
