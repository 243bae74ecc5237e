import { useSignal } from "@preact/signals";
import { answering } from "../../../engine/chat/answering.js";
import { judgedPairs, type Judgement, removePair } from "../../../engine/chat/judged/judged-pairs.js";
import type { Answer, Side } from "../../../engine/chat/turns.js";
import { judged } from "../../../messages/judged.js";
import { notify } from "../../../state/notice.js";
import { OtherAnswer } from "./other-answer.js";

interface Props {
  /** The number of the message, and the side whose answer this is. */
  readonly place: number;
  readonly side: Side;
  readonly answer: Answer;
}

const Thumb = ({ isDown }: { isDown: boolean }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path
      {...(isDown && { transform: "rotate(180 12 12)" })}
      d="M4 11h3v9H4zM7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9h5.2a1.8 1.8 0 0 1 1.8 2.1l-1.2 7.2A2 2 0 0 1 17.3 20H7"
    />
  </svg>
);

/** Thumbs up and down for an answer. Either asks for another answer, because training compares two. */
export function Thumbs({ place, side, answer }: Props) {
  const t = judged();
  const open = useSignal<Judgement | null>(null);
  const kept = judgedPairs.value.some(({ id }) => id === answer.judged?.pair) ? answer.judged!.as : null;
  const now = open.value ?? kept;
  const press = (as: Judgement) => {
    if (now !== as) return void (open.value = as);
    // An open form is only closed.
    if (open.value === null) notify(t.removed, removePair(answer.judged!.pair));
    open.value = null;
  };
  return (
    <>
      <p class="thumbs">
        {(["good", "bad"] as const).map((as) => (
          <button
            type="button"
            class="quiet small"
            key={as}
            aria-label={t[as]}
            aria-pressed={now === as}
            disabled={answering.value}
            onClick={() => press(as)}
          >
            <Thumb isDown={as === "bad"} />
          </button>
        ))}
        {open.value === null && kept !== null && <span class="hint">{t.kept}</span>}
      </p>
      {open.value !== null && (
        <OtherAnswer key={open.value} {...{ place, side, as: open.value }} onClose={() => (open.value = null)} />
      )}
    </>
  );
}
