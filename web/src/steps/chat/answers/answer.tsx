import { isCalling, turns, type Answer, type Side, type Step } from "../../../engine/chat/turns.js";
import { chat } from "../../../messages/chat.js";
import { Calls } from "./calls.js";
import { Thumbs } from "../judged/thumbs.js";
import { JsonAnswer } from "./json-answer.js";

interface Props {
  readonly side: Side;
  readonly answer: Answer;
  /** Its heading; null for none. */
  readonly title: string | null;
  /** The number of the message that it answers. */
  readonly place: number;
}

function Written({ step, answer, isNow, side }: { step: Step; answer: Answer; isNow: boolean; side: Side | null }) {
  const isWriting = isNow && (answer.state === "waiting" || answer.state === "writing");
  const isJson = answer.form === "fields" && !isWriting && step.text !== "" && answer.state !== "stopped";
  return (
    <>
      {isJson ? (
        <JsonAnswer text={step.text} />
      ) : (
        (step.text !== "" || isWriting || step.calls.length === 0) && (
          <p class="text">
            {step.text}
            {isWriting && <span class="caret" aria-hidden="true" />}
          </p>
        )
      )}
      {step.calls.length > 0 && <Calls calls={step.calls} side={side} />}
    </>
  );
}

/** Whether an answer has ended with a text. */
function isJudgeable({ state, steps }: Answer): boolean {
  const { text, calls } = steps.at(-1)!;
  return state !== "waiting" && state !== "writing" && text.trim() !== "" && calls.length === 0;
}

/** What a side answers: its messages, with the functions that it calls and their results in between. */
export function Said({ side, answer, title, place }: Props) {
  const t = chat();
  const { steps, state, speed } = answer;
  const gives = place === turns.value.length - 1 && isCalling(answer) ? side : null;
  return (
    <div class={`answer ${side}`} aria-busy={state === "waiting" || state === "writing"}>
      {title !== null && <h3>{title}</h3>}
      {steps.map((step, i) => {
        const isNow = i === steps.length - 1;
        return <Written key={i} {...{ step, answer, isNow, side: isNow ? gives : null }} />;
      })}
      <p class="facts">
        {state === "stopped" && <span>{t.stopped}</span>}
        {state === "cut" && <span>{t.cut}</span>}
        {speed !== null && <span>{t.speed(speed)}</span>}
      </p>
      {isJudgeable(answer) && <Thumbs {...{ place, side, answer }} />}
    </div>
  );
}
