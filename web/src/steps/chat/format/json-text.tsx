import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { lineOf, placeOf, placesIn } from "../../../data/answers/json-places.js";
import { format } from "../../../messages/format.js";
import { Icon } from "../../../parts/icons.js";

/** Why a value is refused. */
interface JsonProblem {
  /** What the user reads; a function gets the line. */
  readonly message: string | ((line: number) => string);
  /** More, in English. */
  readonly technical?: string;
  /** Which part of the value it is about; "" for the whole. */
  readonly path: string;
}

interface Props {
  readonly label: string;
  readonly use: string;
  readonly value: unknown;
  readonly check: (value: unknown) => Promise<JsonProblem | null>;
  readonly onUse: (value: unknown) => void;
}

const written = (value: unknown) => JSON.stringify(value, null, 2);

/** JSON to edit. What is wrong is named, and its line is selected. */
export function JsonText({ label, use, value, check, onUse }: Props) {
  const t = format().schema;
  const text = useSignal(written(value));
  const busy = useSignal(false);
  const problem = useSignal<{ readonly said: string; readonly technical: string | null } | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const given = written(value);
  useEffect(() => {
    text.value = given;
    problem.value = null;
  }, [given]);
  const refuse = (place: number, said: string, technical: string | null = null) => {
    problem.value = { said, technical };
    const from = text.value.lastIndexOf("\n", place - 1) + 1;
    const to = text.value.indexOf("\n", place);
    box.current!.focus();
    box.current!.setSelectionRange(from, to < 0 ? text.value.length : to);
  };
  const take = async () => {
    const own = text.value;
    problem.value = null;
    const found = placesIn(own);
    if ("error" in found) {
      const { line, column } = lineOf(own, found.error);
      return refuse(found.error, t.notJson(line, column));
    }
    const parsed: unknown = JSON.parse(own);
    busy.value = true;
    try {
      const wrong = await check(parsed);
      if (wrong === null) return onUse(parsed);
      const place = placeOf(found.places, wrong.path);
      const { message } = wrong;
      refuse(place, typeof message === "string" ? message : message(lineOf(own, place).line), wrong.technical ?? null);
    } catch (error) {
      refuse(0, t.refused(1), String(error));
    } finally {
      busy.value = false;
    }
  };
  const now = problem.value;
  return (
    <div class="json-text">
      <textarea
        rows={8}
        ref={box}
        spellcheck={false}
        aria-label={label}
        aria-invalid={now !== null}
        {...(now !== null && { "aria-describedby": id })}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {now !== null && (
        <p class="problem" role="alert" id={id}>
          <Icon name="stop" /> {now.said} {now.technical !== null && <code lang="en">{now.technical}</code>}
        </p>
      )}
      <button type="button" class="small" disabled={busy.value} onClick={() => void take()}>
        {busy.value ? t.checking : use}
      </button>
    </div>
  );
}
