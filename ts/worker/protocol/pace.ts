import { stopwatch } from "../../waiting/stopwatch.js";
import type { Schedule } from "./progress-queue.js";

/** Milliseconds of a frame. */
const FRAME = 16;
/** A page that becomes hidden draws no frame. */
const LATEST = 100;

/** At once, but at most once a frame. Works also during work that never yields. */
export function everyFrame(): Schedule {
  let since: (() => number) | null = null;
  return (tell) => {
    const passed = since?.() ?? FRAME;
    const deliver = () => {
      since = stopwatch();
      tell();
    };
    if (passed >= FRAME) {
      deliver();
      return () => undefined;
    }
    const timer = setTimeout(deliver, FRAME - passed);
    return () => clearTimeout(timer);
  };
}

/** With the page's next frame; at once if the page draws none. */
export const withFrame: Schedule = (tell) => {
  const { document, requestAnimationFrame, cancelAnimationFrame } = globalThis as Partial<typeof globalThis>;
  if (document?.visibilityState !== "visible" || requestAnimationFrame === undefined) {
    tell();
    return () => undefined;
  }
  const frame = requestAnimationFrame(() => tell());
  const timer = setTimeout(tell, LATEST);
  return () => {
    cancelAnimationFrame?.(frame);
    clearTimeout(timer);
  };
};
