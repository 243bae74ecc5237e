import { effect, signal } from "@preact/signals";

export const steps = ["data", "train", "judge", "take"] as const;
export type Step = (typeof steps)[number];

/** What is no step on the way. */
export const others = ["chat", "compare", "together", "kernels"] as const;
export type View = Step | (typeof others)[number];

// Behind a question mark is what a link says to the view.
const viewOf = (hash: string): View =>
  ([...steps, ...others] as const).find((name) => `#${name}` === hash.split("?")[0]) ?? "data";

/** The step that is shown, as the address says. */
export const step = signal<View>(viewOf(location.hash));
addEventListener("hashchange", () => {
  step.value = viewOf(location.hash);
  scrollTo({ top: 0 });
});

export const go = (to: Step) => void (location.hash = to);

/** What is told to everyone, read out by screen readers too; null where nothing is. */
export const notice = signal<{ readonly text: string; readonly undo: boolean } | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;
export function tell(text: string, undo = false): void {
  notice.value = { text, undo };
  clearTimeout(timer);
  timer = setTimeout(() => (notice.value = null), 8000);
}

/** "light", "dark", or as the system has it. */
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
    // Where nothing can be kept, it lasts as long as the page.
  }
}
export const theme = signal<Theme>(themes.find((name) => name === kept("theme")) ?? "auto");
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  keep("theme", theme.value);
});

export const keptLanguage = kept("language");
