/** Lets timers, clicks and signals in between two pieces of work, so that a page stays alive and Ctrl-C is heard. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
