import { useSignal } from "@preact/signals";
import { choicesOf, format, formOfAnswers } from "../../engine/chat/format/answer-format.js";
import { format as texts } from "../../messages/format.js";
import { later } from "../../parts/later.js";

/** Loaded when it is first opened. */
const Pane = later(async () => (await import("./format/answer-pane.js")).AnswerPane);

/** The form of the answers in a few words. */
function nowOf() {
  const t = texts().now;
  const { shape } = format.value;
  if (formOfAnswers.value === "choices") return t.choices(choicesOf(format.value).length);
  if (formOfAnswers.value !== "fields") return t.free;
  return shape.written !== null ? t.schema : t.fields(shape.fields.map(({ name }) => name));
}

/** What the model answers in, and what it may call: closed, one line. */
export function AnswerForm() {
  const t = texts();
  const wasOpen = useSignal(false);
  const count = format.value.functions.length;
  return (
    <details class="answer-form" onToggle={({ currentTarget }) => currentTarget.open && (wasOpen.value = true)}>
      <summary>
        <h2>{t.heading}</h2>
        <span class="hint">{[nowOf(), ...(count > 0 ? [t.functionsNow(count)] : [])].join(", ")}</span>
      </summary>
      {wasOpen.value && <Pane />}
    </details>
  );
}
