/** The first second is for the first view: a browser may have nothing else to do before it is painted. */
const viewed = new Promise((resolve) => setTimeout(resolve, 1000));

/** Resolves when the page was there for a second and has nothing else to do; two seconds later in any case. */
export async function whenIdle(): Promise<void> {
  await viewed;
  await new Promise<void>((resolve) => {
    // WebKit has no such callbacks.
    if (typeof requestIdleCallback === "undefined") setTimeout(resolve, 200);
    else requestIdleCallback(() => resolve(), { timeout: 2000 });
  });
}
