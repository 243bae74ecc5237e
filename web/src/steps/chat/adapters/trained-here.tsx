import { adapter, second, slots } from "../../../engine/chat/adapter.js";
import type { AdapterSlot } from "../../../engine/chat/adapter-slot.js";
import { filesOfKept, forgetKept, type KeptAdapter, keptAdapters } from "../../../engine/chat/kept-adapters.js";
import { loaded } from "../../../engine/chat/language-model.js";
import { lesson } from "../../../engine/chat/teach.js";
import { chat } from "../../../messages/chat.js";
import { Icon } from "../../../parts/icons.js";

/** Adapters of the open model that were trained here, the last one first; without those in use. */
function others(): readonly KeptAdapter[] {
  const last = lesson.value;
  const all = [
    ...(last?.status === "finished" && last.files !== null ? [last] : []),
    ...[...keptAdapters.value.adapters].reverse(),
  ];
  const inUse = [adapter.value?.id, second.value?.id];
  return all.filter(({ id, model }) => model === loaded.value?.kept.name && !inUse.includes(id));
}

/** The adapters that were trained here, to use or to compare. */
export function TrainedHere({ busy }: { busy: boolean }) {
  const t = chat();
  const use = async (slot: AdapterSlot, { id, name }: KeptAdapter) => {
    const files = lesson.value?.id === id ? lesson.value.files : await filesOfKept(id);
    if (files != null) await slot.use({ id, name, files });
  };
  return (
    <ul class="trained-here">
      {others().map((one) => (
        <li key={one.id}>
          <button type="button" disabled={busy} onClick={() => void use(slots.adapted, one)}>
            {t.useTrained(one.name)}
          </button>
          {adapter.value !== null && (
            <button type="button" class="small" disabled={busy} onClick={() => void use(slots.second, one)}>
              {t.compareWith(one.name)}
            </button>
          )}
          {one.id !== lesson.value?.id && (
            <button
              type="button"
              class="quiet small"
              disabled={busy}
              aria-label={t.forgetAdapter(one.name)}
              onClick={() => void forgetKept(one.id)}
            >
              <Icon name="trash" />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
