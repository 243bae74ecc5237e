import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { noShape } from "../../../data/answers/fields.js";
import { type CallableFunction, FUNCTION_NAME } from "../../../data/answers/functions.js";
import { functionProblem } from "../../../engine/chat/format/check-format.js";
import { format } from "../../../messages/format.js";
import { Icon } from "../../../parts/icons.js";
import { FieldsEditor } from "./fields-editor.js";

interface Props {
  /** The function to change; null for a new one. */
  readonly given: CallableFunction | null;
  /** Names of the other functions. */
  readonly taken: readonly string[];
  readonly onFunction: (made: CallableFunction) => void;
  readonly onCancel: () => void;
}

/** The name, description and arguments of one function. */
export function FunctionForm({ given, taken, onFunction, onCancel }: Props) {
  const t = format().functions;
  const name = useSignal(given?.name ?? "");
  const description = useSignal(given?.description ?? "");
  const parameters = useSignal(given?.parameters ?? noShape);
  const busy = useSignal(false);
  const problem = useSignal<{ readonly said: string; readonly technical?: string } | null>(null);
  const box = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => box.current!.focus(), []);
  const refuse = (said: string, technical?: string) => {
    problem.value = { said, ...(technical !== undefined && { technical }) };
    box.current!.focus();
  };
  const made = (): CallableFunction => ({
    name: name.value.trim(),
    description: description.value.trim(),
    parameters: parameters.value,
  });
  const take = async () => {
    const own = made();
    if (!FUNCTION_NAME.test(own.name)) return refuse(t.problems.name);
    if (taken.includes(own.name)) return refuse(t.problems.twice);
    busy.value = true;
    try {
      const wrong = await functionProblem(own);
      if (wrong === null) onFunction(own);
      else refuse(t.problems.refused, wrong.message);
    } catch (error) {
      refuse(t.problems.refused, String(error));
    } finally {
      busy.value = false;
    }
  };
  const now = problem.value;
  return (
    <div class="function-form">
      <label>
        {t.name}
        <input
          type="text"
          ref={box}
          spellcheck={false}
          value={name.value}
          aria-invalid={now !== null}
          {...(now !== null && { "aria-describedby": id })}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
        <span class="hint">{t.nameHint}</span>
      </label>
      {now !== null && (
        <p class="problem" role="alert" id={id}>
          <Icon name="stop" /> {now.said} {now.technical !== undefined && <code lang="en">{now.technical}</code>}
        </p>
      )}
      <label>
        {t.description}
        <input
          type="text"
          placeholder={t.descriptionExample}
          value={description.value}
          onInput={(event) => (description.value = event.currentTarget.value)}
        />
      </label>
      <FieldsEditor
        title={t.arguments}
        shape={parameters.value}
        onShape={(shape) => (parameters.value = shape)}
        check={(schema) => functionProblem({ ...made(), name: "checked", parameters: { fields: [], written: schema } })}
      />
      <div class="actions">
        <button type="button" disabled={busy.value} onClick={() => void take()}>
          {busy.value ? format().schema.checking : given === null ? t.add : t.change}
        </button>
        <button type="button" class="quiet" onClick={onCancel}>
          {t.cancel}
        </button>
      </div>
    </div>
  );
}
