/** An element and all that it lies in, the innermost first. */
const chainOf = (element: Element): HTMLElement[] => {
  const chain: HTMLElement[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement)
    if (at instanceof HTMLElement) chain.push(at);
  return chain;
};

/** What may get the focus in place of what lay in it. */
const PLACES = "li, form, section, dialog, [tabindex], main";

/** What had the focus last, with all that it lay in; the same of the last one in the page's content. */
let last: readonly HTMLElement[] = [];
let lastOfContent: readonly HTMLElement[] = [];

/** Gives the focus to a place that has none of its own: a page begins with its heading. */
function land(place: HTMLElement): void {
  const target = place.tagName === "MAIN" ? (place.querySelector<HTMLElement>("h1, h2") ?? place) : place;
  if (target.tabIndex < 0) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/**
 * Where what has the focus is taken away, as a button that has done its work, or a step that another follows, the nearest place that is
 * still there gets it: else it would fall to the page's beginning.
 */
export function keepFocus(): void {
  const content = () => document.getElementById("content")!;
  const note = () => {
    const { activeElement: active } = document;
    if (active === null || active === document.body) return;
    last = chainOf(active);
    if (content().contains(active)) lastOfContent = last;
  };
  addEventListener("focusin", note);
  // A press beside everything lets go of the focus; one on what has it already is no event of the focus.
  addEventListener("pointerdown", () => (last = []), true);
  addEventListener("click", note, true);
  new MutationObserver(() => {
    const [own] = last;
    if (own === undefined || document.activeElement !== document.body) return;
    if (own.isConnected) {
      // It was disabled for a while.
      if (!own.matches(":disabled")) own.focus();
      return;
    }
    const isThere = (place: HTMLElement) => place.isConnected && place.matches(PLACES) && content().contains(place);
    land(last.find(isThere) ?? lastOfContent.find(isThere) ?? content());
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
}
