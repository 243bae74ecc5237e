/** An element and its ancestors, the element first. */
const chainOf = (element: Element): HTMLElement[] => {
  const chain: HTMLElement[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement)
    if (at instanceof HTMLElement) chain.push(at);
  return chain;
};

/** Elements that can get the focus in place of a removed descendant. */
const PLACES = "li, form, section, dialog, [tabindex], main";

/** The last focused element with its ancestors, and the same for the last one in the main content. */
let last: readonly HTMLElement[] = [];
let lastOfContent: readonly HTMLElement[] = [];

/** Focuses an element that is not focusable by itself. For a page, this is its heading. */
function land(place: HTMLElement): void {
  const target = place.tagName === "MAIN" ? (place.querySelector<HTMLElement>("h1, h2") ?? place) : place;
  if (target.tabIndex < 0) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/**
 * Keeps the focus: if the focused element is removed (by its click, or with its step), the nearest remaining ancestor
 * gets the focus. Otherwise the browser would move it to the start of the page.
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
  // A press outside all controls removes the focus. A press on the focused element causes no focus event.
  addEventListener("pointerdown", () => (last = []), true);
  addEventListener("click", note, true);
  new MutationObserver(() => {
    const [own] = last;
    if (own === undefined || document.activeElement !== document.body) return;
    if (own.isConnected) {
      // The element was disabled for a while.
      if (!own.matches(":disabled")) own.focus();
      return;
    }
    const isThere = (place: HTMLElement) => place.isConnected && place.matches(PLACES) && content().contains(place);
    land(last.find(isThere) ?? lastOfContent.find(isThere) ?? content());
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
}
