import { effect, signal } from "@preact/signals";

export const steps = ["data", "train", "judge", "take"] as const;
export type Step = (typeof steps)[number];

/** Pages that are not steps. */
export const others = ["chat", "search", "rank", "compare", "together", "kernels"] as const;
export type View = Step | (typeof others)[number];

// After a question mark follow parameters for the view.
const viewOf = (hash: string): View =>
  ([...steps, ...others] as const).find((name) => `#${name}` === hash.split("?")[0]) ?? "data";

/** The displayed step or page, from the address. */
export const step = signal<View>(viewOf(location.hash));

/** How far the entries of the history were scrolled, by numbers in their state. Those of an earlier visit have another one's. */
const scrolled: number[] = [];
const visit = Math.random();
function entry(): number | null {
  const state = history.state as { readonly visit?: number; readonly entry?: number } | null;
  return state?.visit === visit ? state.entry! : null;
}
const nameEntry = () => history.replaceState({ visit, entry: scrolled.push(0) - 1 }, "");
history.scrollRestoration = "manual";
nameEntry();
addEventListener("scroll", () => {
  const now = entry();
  if (now !== null) scrolled[now] = scrollY;
});
addEventListener("hashchange", () => {
  // Back and forward lead to where the reader was, links to the top.
  const now = entry();
  const top = now === null ? 0 : scrolled[now]!;
  if (now === null) nameEntry();
  step.value = viewOf(location.hash);
  requestAnimationFrame(() => scrollTo({ top }));
});

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
