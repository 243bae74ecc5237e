import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { hasAdapter } from "../../engine/chat/adapter.js";
import { manner } from "../../engine/chat/answer-options.js";
import { answering, stop } from "../../engine/chat/answering.js";
import { beside, isTooLong, newConversation, say, talkProblem } from "../../engine/chat/conversation.js";
import { loaded } from "../../engine/chat/language-model.js";
import { teaching } from "../../engine/chat/teach.js";
import { type Answer, awaitsResults, isCalling, sides, type Turn, turns } from "../../engine/chat/turns.js";
import { chat } from "../../messages/chat.js";
import { format } from "../../messages/format.js";
import { m } from "../../messages/index.js";
import { Problem } from "../../parts/problem.js";
import { Said } from "./answers/answer.js";

/** The sides that answered, each with a heading: adapters are named if two answered. */
function sidesOf({ answers }: Pick<Turn, "answers">) {
  const t = chat();
  const there = sides.flatMap((side) => (answers[side] === undefined ? [] : [{ side, answer: answers[side] }]));
  const isBetweenAdapters = answers.adapted !== undefined && answers.second !== undefined;
  return there.map(({ side, answer }) => ({
    side,
    answer,
    title: side !== "base" && isBetweenAdapters ? t.withAdapter(answer.adapter ?? "") : t.sides[side],
    isAlone: there.length === 1 && side === "base",
  }));
}

/** Pixels from the end of the conversation within which it is followed again. */
const NEAR = 20;

function Turns() {
  const list = useRef<HTMLOListElement>(null);
  /** Whether the end stays in sight as answers grow: until the user scrolls up to read. */
  const follows = useRef(true);
  const last = useRef(0);
  const all = turns.value;
  // A message that was sent, and its answers, are always in sight.
  useLayoutEffect(() => void (follows.current = true), [all.length]);
  useLayoutEffect(() => {
    if (follows.current) list.current!.scrollTop = list.current!.scrollHeight;
  }, [all]);
  const scrolled = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: { currentTarget: HTMLElement }) => {
    if (scrollTop < last.current) follows.current = false;
    if (scrollHeight - scrollTop - clientHeight < NEAR) follows.current = true;
    last.current = scrollTop;
  };
  return (
    <ol class="turns" ref={list} tabIndex={0} aria-label={chat().turns} onScroll={scrolled}>
      {all.map((turn, i) => (
        <li key={i}>
          <p class="said">{turn.said}</p>
          <div class="answers">
            {sidesOf(turn).map(({ side, answer, title, isAlone }) => (
              <Said key={side} {...{ side, answer, title: isAlone ? null : title, place: i }} />
            ))}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** What a screen reader reads of an answer: the functions that it calls, otherwise its last text. */
function spokenOf(answer: Answer): string {
  const { text, calls } = answer.steps.at(-1)!;
  return isCalling(answer) ? calls.map(({ name }) => format().call.calls(name)).join(" ") : text;
}

/** Announces a finished answer to screen readers. */
function Spoken() {
  const whole = sidesOf({ answers: turns.value.at(-1)?.answers ?? {} });
  return (
    <p class="hidden" role="status">
      {answering.value ? chat().writing : whole.map(({ title, answer }) => `${title}: ${spokenOf(answer)}`).join(" ")}
    </p>
  );
}

function Manner() {
  const t = chat();
  const now = manner.value;
  const set = (change: Partial<typeof now>) => (manner.value = { ...manner.value, ...change });
  const number = (name: "temperature" | "maxTokens", least: number, most: number, step: number) => (
    <label>
      {t.fields[name]}
      <input
        type="number"
        {...{ min: least, max: most, step }}
        value={now[name]}
        onChange={({ currentTarget: { valueAsNumber } }) =>
          valueAsNumber >= least && valueAsNumber <= most && set({ [name]: valueAsNumber })
        }
      />
      <span class="hint">{t.fieldHints[name]}</span>
    </label>
  );
  return (
    <details class="details">
      <summary>{m().train.details}</summary>
      <div class="fields">
        <label>
          {t.fields.instructions}
          <textarea
            rows={2}
            value={now.instructions}
            placeholder={t.instructionsExample}
            onInput={(event) => set({ instructions: event.currentTarget.value })}
          />
          <span class="hint">{t.fieldHints.instructions}</span>
        </label>
        {number("temperature", 0, 2, 0.1)}
        {number("maxTokens", 1, 2048, 1)}
      </div>
    </details>
  );
}

/** The conversation with its input. */
export function Talk() {
  const t = chat();
  const draft = useSignal("");
  const busy = answering.value;
  const awaited = awaitsResults.value;
  const away = loaded.value === null || teaching.value !== null;
  const send = (event?: Event) => {
    event?.preventDefault();
    const said = draft.value;
    if (busy || away || awaited || said.trim() === "") return;
    draft.value = "";
    void say(said).then(() => talkProblem.value !== null && draft.value === "" && (draft.value = said));
  };
  return (
    <section class="talk" aria-label={t.turns}>
      {turns.value.length === 0 ? (
        <div class="begin">
          <p>{teaching.value !== null ? t.away : loaded.value?.converses === false ? t.continues : t.begin}</p>
          {!away && (
            <div class="actions">
              {t.examples.map((text) => (
                <button type="button" class="small" key={text} onClick={() => (draft.value = text)}>
                  {text}
                </button>
              ))}
            </div>
          )}
        </div>
      ) : (
        <Turns />
      )}
      <Spoken />
      {talkProblem.value !== null && (
        <Problem error={talkProblem.value} title={isTooLong(talkProblem.value) ? t.tooLong : t.notAnswered} />
      )}
      <form onSubmit={send}>
        <textarea
          rows={2}
          aria-label={t.say}
          placeholder={t.say}
          value={draft.value}
          onInput={(event) => (draft.value = event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && send(event)}
        />
        {busy ? (
          <button type="button" onClick={stop}>
            {t.stop}
          </button>
        ) : (
          <button class="primary" disabled={away || awaited || draft.value.trim() === ""}>
            {t.send}
          </button>
        )}
      </form>
      {awaited && !busy && <p class="hint">{format().call.awaited}</p>}
      <div class="under">
        {hasAdapter.value && (
          <label class="check">
            <input type="checkbox" checked={beside.value} onChange={(e) => (beside.value = e.currentTarget.checked)} />
            {t.beside}
          </label>
        )}
        {turns.value.length > 0 && (
          <button type="button" class="quiet small" onClick={newConversation}>
            {t.newConversation}
          </button>
        )}
      </div>
      <Manner />
    </section>
  );
}
