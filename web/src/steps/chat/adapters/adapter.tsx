import { adapter, pickAdapter, removeAdapter, second, slots } from "../../../engine/chat/adapter.js";
import type { AdapterSlot } from "../../../engine/chat/adapter-slot.js";
import { answering } from "../../../engine/chat/answering.js";
import { loaded } from "../../../engine/chat/language-model.js";
import { awaitsResults } from "../../../engine/chat/turns.js";
import { teaching } from "../../../engine/chat/teach.js";
import { chat } from "../../../messages/chat.js";
import { DropZone } from "../../../parts/drop-zone.js";
import { Problem } from "../../../parts/problem.js";
import { TrainedHere } from "./trained-here.js";

function Pick({ title, slot, busy }: { title: string; slot: AdapterSlot; busy: boolean }) {
  return (
    <label class="button" aria-disabled={busy}>
      {title}
      <input
        type="file"
        multiple
        disabled={busy}
        accept=".zip,.json,.safetensors"
        onChange={({ currentTarget: { files } }) => void pickAdapter([...(files ?? [])], slot)}
      />
    </label>
  );
}

function Refused({ slot }: { slot: AdapterSlot }) {
  const { value } = slot.problem;
  return value === null ? null : <Problem error={value} title={chat().adapterRefused} files />;
}

/** The adapter that answers beside the one in use. */
function Second({ busy }: { busy: boolean }) {
  const t = chat();
  const now = second.value;
  return (
    <>
      {now !== null && (
        <p>
          {t.compared} <span class="name">{now.name}</span>
        </p>
      )}
      <div class="actions">
        {now === null ? (
          <Pick title={t.pickSecond} slot={slots.second} busy={busy} />
        ) : (
          <button type="button" disabled={busy} onClick={() => void slots.second.remove()}>
            {t.endComparing}
          </button>
        )}
      </div>
      <Refused slot={slots.second} />
    </>
  );
}

/** The adapter in use, loaded or trained here, and one to compare it with. */
export function Adapter() {
  const t = chat();
  const now = adapter.value;
  const busy = answering.value || awaitsResults.value || teaching.value !== null || loaded.value === null;
  return (
    <DropZone class="adapter" onFiles={(files) => !busy && void pickAdapter(files, slots.adapted)}>
      <h2>{t.adapterHeading}</h2>
      {now === null ? <p class="hint">{t.noAdapter}</p> : <p class="name">{now.name}</p>}
      <div class="actions">
        <Pick title={now === null ? t.pickAdapter : t.otherAdapter} slot={slots.adapted} busy={busy} />
        {now !== null && (
          <button type="button" disabled={busy} onClick={() => void removeAdapter()}>
            {t.removeAdapter}
          </button>
        )}
      </div>
      <Refused slot={slots.adapted} />
      <TrainedHere busy={busy} />
      {now !== null && <Second busy={busy} />}
    </DropZone>
  );
}
