import type { BrowserName } from "../browsers/browser.mjs";

/** Threads in an isolated page of each browser where two are asked for. WebKitGTK has no shared memory, isolated or not. */
export const pageThreads: readonly (readonly [BrowserName, number])[] = [
  ["chromium", 2],
  ["firefox", 2],
  ["webkit", 1],
];
