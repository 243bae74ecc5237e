import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { m } from "../../messages/index.js";
import { Problem } from "../../parts/problem.js";

interface Props<A> {
  /** Answers a sentence: `show` an answer, perhaps again when there is more; `say` what takes time. */
  readonly ask: (text: string, show: (answer: A) => void, say: (what: string) => void) => Promise<void>;
  /** Renders an answer. */
  readonly children: (answer: A) => ComponentChildren;
}

/** A sentence of the user, and what the models answer. */
export function AskForm<A>({ ask, children }: Props<A>) {
  const t = m().judge;
  const text = useSignal("");
  const busy = useSignal<string | null>(null);
  const shown = useSignal<{ readonly text: string; readonly answer: A } | null>(null);
  const error = useSignal<unknown>(null);
  const go = async (event: Event) => {
    event.preventDefault();
    const asked = text.value.trim();
    if (asked === "" || busy.value !== null) return;
    error.value = null;
    busy.value = t.asking;
    try {
      await ask(
        asked,
        (answer) => (shown.value = { text: asked, answer }),
        (what) => (busy.value = what),
      );
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = null;
    }
  };
  return (
    <section class="ask" aria-labelledby="ask-heading">
      <h2 id="ask-heading">{t.tryHeading}</h2>
      <form onSubmit={(event) => void go(event)}>
        <label>
          <span class="hidden">{t.tryLabel}</span>
          <input
            value={text.value}
            placeholder={t.tryLabel}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button class="primary" disabled={busy.value !== null}>
          {t.tryDo}
        </button>
      </form>
      <p class="hint" role="status">
        {busy.value}
      </p>
      {error.value !== null && <Problem error={error.value} title="" />}
      {shown.value !== null && (
        <div class="answers">
          <blockquote>{shown.value.text}</blockquote>
          {children(shown.value.answer)}
        </div>
      )}
    </section>
  );
}
