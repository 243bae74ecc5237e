import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { isRecord } from "../../../data/answers/records.js";
import { answering } from "../../../engine/chat/answering.js";
import { giveResults } from "../../../engine/chat/conversation.js";
import { teaching } from "../../../engine/chat/teach.js";
import { type Call, type Side, turns } from "../../../engine/chat/turns.js";
import { format } from "../../../messages/format.js";
import { FieldTable, parsed } from "./json-answer.js";

/** Results that were given to a function in this conversation, the last first. */
function resultsOf(name: string): readonly string[] {
  const answers = turns.value.flatMap((turn) => Object.values(turn.answers));
  const calls = answers.flatMap(({ steps }) => steps.flatMap((step) => step.calls));
  const given = calls.flatMap((call) => (call.name === name && call.result !== null ? [call.result] : []));
  return [...new Set(given.reverse())];
}

function Shown({ call }: { call: Call }) {
  const t = format().call;
  const fields = parsed(call.arguments);
  const isEmpty = isRecord(fields) && Object.keys(fields).length === 0;
  return (
    <>
      <p class="calls">
        {t.calls(call.name)}
        {isEmpty && ` ${t.noArguments}`}
      </p>
      {!isRecord(fields) ? <p class="text">{call.arguments}</p> : !isEmpty && <FieldTable fields={fields} />}
      {call.result !== null && (
        <p class="gave">
          <strong>{t.gave(call.name)}</strong> {call.result}
        </p>
      )}
    </>
  );
}

/** The calls of a model's message. `side` gets a form for their results; null if there is nothing to give. */
export function Calls({ calls, side }: { calls: readonly Call[]; side: Side | null }) {
  const t = format().call;
  const results = useSignal<readonly string[]>(calls.map(() => ""));
  const id = useId();
  const give = (event: Event) => {
    event.preventDefault();
    if (side !== null) void giveResults(side, results.value);
  };
  return (
    <>
      {calls.map((call, i) => (
        <div class="call" key={i}>
          <Shown call={call} />
        </div>
      ))}
      {side !== null && (
        <form class="results" onSubmit={give}>
          {calls.map(({ name }, i) => (
            <label key={i}>
              {t.result(name)}
              <input
                type="text"
                list={`${id}-${i}`}
                autocomplete="off"
                placeholder={t.resultExample}
                value={results.value[i] ?? ""}
                onInput={({ currentTarget: { value } }) =>
                  (results.value = calls.map((_, k) => (k === i ? value : (results.value[k] ?? ""))))
                }
              />
              <datalist id={`${id}-${i}`}>
                {resultsOf(name).map((result) => (
                  <option key={result} value={result} />
                ))}
              </datalist>
            </label>
          ))}
          <button class="primary" disabled={answering.value || teaching.value !== null}>
            {t.giveBack(calls.length)}
          </button>
        </form>
      )}
    </>
  );
}
