import { adapter, adapterProblem, removeAdapter, pickAdapter, useAdapter } from "../../engine/chat/adapter.js";
import { answering } from "../../engine/chat/answering.js";
import { loaded } from "../../engine/chat/language-model.js";
import { lesson, teaching } from "../../engine/chat/teach.js";
import { chat } from "../../messages/chat.js";
import { DropZone } from "../../parts/drop-zone.js";
import { Problem } from "../../parts/problem.js";

/** The adapter in use, loaded or trained here. */
export function Adapter() {
  const t = chat();
  const now = adapter.value;
  const busy = answering.value || teaching.value !== null || loaded.value === null;
  const trained = lesson.value;
  const isOffered =
    now === null &&
    trained?.status === "finished" &&
    trained.files !== null &&
    trained.model === loaded.value?.kept.name;
  return (
    <DropZone class="adapter" onFiles={(files) => !busy && void pickAdapter(files)}>
      <h2>{t.adapterHeading}</h2>
      {now === null ? <p class="hint">{t.noAdapter}</p> : <p class="name">{now.name}</p>}
      <div class="actions">
        {isOffered && (
          <button type="button" disabled={busy} onClick={() => void useAdapter(trained.name, trained.files!)}>
            {t.useTrained(trained.name)}
          </button>
        )}
        <label class="button" aria-disabled={busy}>
          {now === null ? t.pickAdapter : t.otherAdapter}
          <input
            type="file"
            multiple
            disabled={busy}
            accept=".zip,.json,.safetensors"
            onChange={({ currentTarget }) =>
              void pickAdapter([...(currentTarget.files ?? [])]).then(() => (currentTarget.value = ""))
            }
          />
        </label>
        {now !== null && (
          <button type="button" disabled={busy} onClick={() => void removeAdapter()}>
            {t.removeAdapter}
          </button>
        )}
      </div>
      {adapterProblem.value !== null && <Problem error={adapterProblem.value} title={t.adapterRefused} files />}
    </DropZone>
  );
}
