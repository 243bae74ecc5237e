import { effect, signal } from "@preact/signals";

export const steps = ["data", "train", "judge", "take"] as const;
type Step = (typeof steps)[number];

/** Pages that are not steps. */
export const others = ["chat", "search", "rank", "compare", "together", "kernels"] as const;
export type View = Step | (typeof others)[number];

// After a question mark follow parameters for the view.
const viewOf = (hash: string): View =>
  ([...steps, ...others] as const).find((name) => `#${name}` === hash.split("?")[0]) ?? "data";

/** The displayed step or page, from the address. */
export const step = signal<View>(viewOf(location.hash));

/** How far the entries of the history were scrolled when they were left, by numbers in their state. Those of an earlier visit have another one's. */
const scrolled: number[] = [];
const visit = Math.random();
function entry(): number | null {
  const state = history.state as { readonly visit?: number; readonly entry?: number } | null;
  return state?.visit === visit ? state.entry! : null;
}
function nameEntry(): number {
  const number = scrolled.push(0) - 1;
  history.replaceState({ visit, entry: number }, "");
  return number;
}
history.scrollRestoration = "manual";
let shown = nameEntry();
addEventListener("hashchange", () => {
  // The page that is left is still there. Back and forward lead to where the reader was, links to the top.
  scrolled[shown] = scrollY;
  const known = entry();
  shown = known ?? nameEntry();
  step.value = viewOf(location.hash);
  scrollWhenTall(shown, scrolled[shown]!, 60);
});

/** Scrolls once the page is tall enough, which it may become some frames after it is asked for; the last frame scrolls as far as there is. */
function scrollWhenTall(number: number, top: number, frames: number): void {
  requestAnimationFrame(() => {
    if (number !== shown) return;
    const isTall = document.documentElement.scrollHeight - innerHeight >= top;
    if (isTall || frames === 0) scrollTo({ top });
    else scrollWhenTall(number, top, frames - 1);
  });
}

export const go = (to: View) => void (location.hash = to);

/** "light", "dark", or "auto" for the system's theme. */
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
export const kept = (name: string) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage, the value lasts as long as the page.
  }
}
export const theme = signal<Theme>(themes.find((name) => name === kept("theme")) ?? "auto");
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  keep("theme", theme.value);
});

export const keptLanguage = kept("language");
