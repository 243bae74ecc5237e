import { isCalling, type Answer, type Side, type Step } from "../../../engine/chat/turns.js";
import { chat } from "../../../messages/chat.js";
import { Calls } from "./calls.js";
import { JsonAnswer } from "./json-answer.js";

interface Props {
  readonly side: Side;
  readonly answer: Answer;
  /** Whether no other side answers. */
  readonly alone: boolean;
  /** Whether it answers the last message. */
  readonly isLast: boolean;
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

/** What a side answers: its messages, with the functions that it calls and their results in between. */
export function Said({ side, answer, alone, isLast }: Props) {
  const t = chat();
  const { steps, state, speed } = answer;
  const gives = isLast && isCalling(answer) ? side : null;
  return (
    <div class={`answer ${side}`} aria-busy={state === "waiting" || state === "writing"}>
      {!(alone && side === "base") && <h3>{t.sides[side]}</h3>}
      {steps.map((step, i) => {
        const isNow = i === steps.length - 1;
        return <Written key={i} {...{ step, answer, isNow, side: isNow ? gives : null }} />;
      })}
      <p class="facts">
        {state === "stopped" && <span>{t.stopped}</span>}
        {state === "cut" && <span>{t.cut}</span>}
        {speed !== null && <span>{t.speed(speed)}</span>}
      </p>
    </div>
  );
}
