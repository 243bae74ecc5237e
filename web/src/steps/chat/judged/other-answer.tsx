import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { answering, stop } from "../../../engine/chat/answering.js";
import { anotherAnswer } from "../../../engine/chat/judged/another-answer.js";
import { type Judgement, keepPair } from "../../../engine/chat/judged/judged-pairs.js";
import { teaching } from "../../../engine/chat/teach.js";
import { type Side, sides, turns } from "../../../engine/chat/turns.js";
import { chat } from "../../../messages/chat.js";
import { judged } from "../../../messages/judged.js";
import { Problem } from "../../../parts/problem.js";
import { notify } from "../../../state/notice.js";

interface Props {
  readonly place: number;
  readonly side: Side;
  readonly as: Judgement;
  readonly onClose: () => void;
}

const textOf = (place: number, side: Side) => turns.value[place]?.answers[side]?.steps.at(-1)?.text ?? "";

/** The answer that another side gave to the same message, if it is another one. */
function besideOf(place: number, side: Side): string {
  const own = textOf(place, side);
  return sides.map((other) => textOf(place, other)).find((text) => text !== "" && text !== own) ?? "";
}

/** The other answer of a pair: written by the user, or by the model until it is right. */
export function OtherAnswer({ place, side, as, onClose }: Props) {
  const t = judged();
  const text = useSignal(besideOf(place, side));
  const attempts = useSignal(0);
  const error = useSignal<unknown>(null);
  const own = useSignal(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => {
    box.current!.focus();
    box.current!.form!.scrollIntoView({ block: "nearest" });
    return () => own.peek() && stop();
  }, []);
  const isSame = text.value.trim() === textOf(place, side).trim();
  const isEmpty = text.value.trim() === "";
  const write = async () => {
    own.value = true;
    error.value = null;
    attempts.value += 1;
    text.value = "";
    try {
      await anotherAnswer(place, side, attempts.value, (written) => (text.value = written));
    } catch (reason) {
      error.value = reason;
    } finally {
      own.value = false;
    }
  };
  const keep = (event: Event) => {
    event.preventDefault();
    if (isSame || isEmpty || answering.value) return;
    notify(t.kept, keepPair(place, side, as, text.value));
    onClose();
  };
  return (
    <form class="other-answer" onSubmit={keep}>
      <label>
        {t.other[as]}
        <textarea
          rows={3}
          ref={box}
          aria-describedby={id}
          value={text.value}
          readOnly={own.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <p class="hint" id={id}>
        {isSame && !isEmpty ? t.same : t.hint[as]}
      </p>
      {error.value !== null && <Problem error={error.value} title={chat().notAnswered} />}
      <div class="actions">
        {own.value ? (
          <button type="button" onClick={stop}>
            {chat().stop}
          </button>
        ) : (
          <button type="button" disabled={answering.value || teaching.value !== null} onClick={() => void write()}>
            {t.another}
          </button>
        )}
        <button class="primary" disabled={isSame || isEmpty || answering.value}>
          {t.keep}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          {t.cancel}
        </button>
      </div>
    </form>
  );
}
