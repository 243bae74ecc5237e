import { useSignal } from "@preact/signals";
import {
  cancelOpening,
  choices,
  closeModel,
  findChoices,
  forgetChoice,
  loaded,
  opening,
  openModel,
  openProblem,
} from "../../engine/chat/language-model.js";
import { teaching } from "../../engine/chat/teach.js";
import { chat } from "../../messages/chat.js";
import { m } from "../../messages/index.js";
import { DropZone } from "../../parts/drop-zone.js";
import { Icon } from "../../parts/icons.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";

function Opening() {
  const t = chat();
  const { name, download } = opening.value!;
  const share = download === null || download.total === 0 ? null : download.received / download.total;
  const title = download === null || share === 1 ? t.loading : t.fetching;
  return (
    <div class="opening">
      <h2>
        <span role="status">{title}</span>
      </h2>
      <p class="hint">{name}</p>
      <Meter done={share === 1 ? null : share} label={title} />
      <p class="facts">
        {download !== null && <span>{`${m().size(download.received)} / ${m().size(download.total)}`}</span>}
        {download?.secondsLeft != null && <span>{m().train.left(m().duration(download.secondsLeft))}</span>}
        <button type="button" class="small" onClick={cancelOpening}>
          {t.cancel}
        </button>
      </p>
    </div>
  );
}

function Kept() {
  const t = chat();
  if (choices.value.length === 0) return null;
  return (
    <section class="kept">
      <h2>{t.keptHeading}</h2>
      <ul>
        {choices.value.map(({ name, bytes }) => (
          <li key={name}>
            <button type="button" class="bar-of" onClick={() => void openModel(name)}>
              <span class="name">{name}</span>
              <span class="number">{m().size(bytes)}</span>
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={t.forget(name)}
              onClick={() => void forgetChoice(name).catch((error: unknown) => (openProblem.value = error))}
            >
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Address() {
  const t = chat();
  const value = useSignal("");
  const go = (event: Event) => {
    event.preventDefault();
    if (value.value.trim() !== "") void openModel(value.value.trim());
  };
  return (
    <form class="address" onSubmit={go}>
      <label>
        {t.address}
        <input
          type="text"
          inputMode="url"
          placeholder="https://…/model.gguf"
          value={value.value}
          onInput={(event) => (value.value = event.currentTarget.value)}
        />
      </label>
      <button disabled={value.value.trim() === ""}>{t.addressGo}</button>
      <p class="hint">{t.addressHint}</p>
    </form>
  );
}

/** The choice of a model: the suggested one, a cached one, or the user's own. */
export function ChooseModel() {
  const t = chat();
  const take = (files: readonly File[]) => void openModel(files);
  const picked = ({ currentTarget }: { currentTarget: HTMLInputElement }) => take([...(currentTarget.files ?? [])]);
  return (
    <div class="choose">
      {opening.value !== null ? (
        <Opening />
      ) : (
        <DropZone onFiles={take}>
          <p class="what">{t.offered}</p>
          <p class="hint">{t.offeredHint}</p>
          <button type="button" class="primary large" onClick={() => void openModel(null)}>
            {t.takeOffered}
          </button>
          <p class="or">{t.or}</p>
          <div class="actions">
            <label class="button">
              {t.chooseFile}
              <input type="file" accept=".gguf,.zip" onChange={picked} />
            </label>
            <label class="button">
              {t.chooseFolder}
              <input type="file" {...{ webkitdirectory: true }} onChange={picked} />
            </label>
          </div>
          <p class="hint">{t.kinds}</p>
        </DropZone>
      )}
      <aside>
        <Kept />
        <Address />
      </aside>
      {openProblem.value !== null && <Problem error={openProblem.value} title={t.notOpened} />}
    </div>
  );
}

/** The name of the open model. */
export function ModelBar() {
  const t = chat();
  const now = loaded.value;
  if (now === null) return null;
  const another = () => {
    closeModel();
    void findChoices();
  };
  return (
    <div class="model-bar">
      <p>
        <strong>{now.kept.name}</strong>{" "}
        <span class="hint">
          {m().size(now.kept.bytes)}, {t.positions(now.model.maxTokens)}
        </span>
      </p>
      <button type="button" class="small" disabled={teaching.value !== null} onClick={another}>
        {t.another}
      </button>
    </div>
  );
}
