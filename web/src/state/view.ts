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
addEventListener("hashchange", () => {
  step.value = viewOf(location.hash);
  scrollTo({ top: 0 });
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
