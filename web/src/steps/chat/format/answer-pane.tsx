import {
  type FormatKind,
  format,
  formats,
  formOfAnswers,
  setFormat,
} from "../../../engine/chat/format/answer-format.js";
import { format as texts } from "../../../messages/format.js";
import { FieldsEditor } from "./fields-editor.js";
import { Functions } from "./functions.js";
import "../../../style/format.css";

function Choices() {
  const t = texts();
  return (
    <label>
      {t.choices}
      <textarea
        rows={4}
        placeholder={t.choicesExample}
        value={format.value.choices}
        onInput={(event) => setFormat({ choices: event.currentTarget.value })}
      />
    </label>
  );
}

/** The form of the answers, and the functions that the model may call. */
export function AnswerPane() {
  const t = texts();
  const { kind, shape } = format.value;
  const isFree = formOfAnswers.value === "free";
  const nothing: Partial<Record<FormatKind, string>> = { fields: t.noFields, choices: t.noChoices };
  return (
    <div class="answer-pane">
      <fieldset>
        <legend class="hidden">{t.kind}</legend>
        {formats.map((one) => (
          <label class="check" key={one}>
            <input type="radio" name="answers" checked={kind === one} onChange={() => setFormat({ kind: one })} />
            {t.kinds[one]}
          </label>
        ))}
      </fieldset>
      {kind === "fields" && <FieldsEditor title={t.fields} shape={shape} onShape={(shape) => setFormat({ shape })} />}
      {kind === "choices" && <Choices />}
      {kind !== "free" && <p class="hint">{isFree ? nothing[kind] : t.always}</p>}
      <Functions />
    </div>
  );
}
