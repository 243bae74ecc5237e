import { useEffect } from "preact/hooks";
import { guessed } from "../../engine/calibration.js";
import { encoderNamed, encoders } from "../../engine/encoders.js";
import { begin } from "../../engine/begin.js";
import { estimateRun, rowsFor } from "../../engine/settings.js";
import { m } from "../../messages/index.js";
import { progress } from "../../messages/progress.js";
import { textLanguage } from "../../messages/text-language.js";
import { forTasks } from "../../messages/tasks.js";
import { changeSettings as set, encoder, labels, project, settings, target, usable } from "../../state/project.js";
import { findGraphics, graphics } from "../../state/graphics.js";
import { runs, unfinished } from "../../state/runs.js";
import { defaults, efforts, type Settings } from "../../state/settings.js";
import { show } from "./show.js";

type Field = Exclude<keyof Settings, "effort" | "device">;
const limits: Readonly<Record<Field, { min: number; max: number; step: number | "any" }>> = {
  rank: { min: 1, max: 64, step: 1 },
  learningRate: { min: 0.00001, max: 0.1, step: "any" },
  batchSize: { min: 1, max: 128, step: 1 },
  maxTokens: { min: 8, max: 512, step: 1 },
  seed: { min: 0, max: 2 ** 31 - 1, step: 1 },
};

function Details() {
  const t = m().train;
  return (
    <details class="details">
      <summary>{t.details}</summary>
      <div class="fields">
        {(Object.keys(limits) as Field[]).map((name) => (
          <label key={name}>
            {t.fields[name]}
            <input
              type="number"
              {...limits[name]}
              value={settings.value[name]}
              aria-describedby={`hint-${name}`}
              onChange={({ currentTarget }) => {
                if (currentTarget.validity.valid && currentTarget.value !== "")
                  set({ [name]: Number(currentTarget.value) });
                else currentTarget.value = String(settings.value[name]);
              }}
            />
            <span class="hint" id={`hint-${name}`}>
              {t.fieldHints[name]}
            </span>
          </label>
        ))}
        <Device />
      </div>
      <button type="button" class="small" onClick={() => set({ ...defaults, effort: settings.value.effort })}>
        {t.reset}
      </button>
    </details>
  );
}

/** Where to train; shown if there is a graphics card. */
function Device() {
  const t = progress();
  useEffect(() => void findGraphics(), []);
  if (graphics.value === null) return null;
  const { name, software } = graphics.value;
  return (
    <label>
      {t.device}
      <select
        value={settings.value.device ?? "wasm"}
        aria-describedby="hint-device"
        onChange={({ currentTarget }) => set({ device: currentTarget.value === "webgpu" ? "webgpu" : "wasm" })}
      >
        <option value="wasm">{t.processor}</option>
        <option value="webgpu">{t.graphics(name)}</option>
      </select>
      <span class="hint" id="hint-device">
        {software ? t.softwareHint : t.deviceHint}
      </span>
    </label>
  );
}

/** The settings of the next training, its estimate, and the start button. */
export function Plan() {
  const t = m().train;
  const taken = rowsFor(settings.value, usable.value, target.value);
  const texts = taken.map(({ text }) => text);
  const timed =
    runs.value.find(
      ({ report, spec }) => (report?.training.tokensPerSecond ?? 0) > 0 && encoderNamed(spec.model) === encoder.value,
    )?.report?.training.tokensPerSecond ?? null;
  const { seconds, memory, steps } = estimateRun(settings.value, texts, timed, encoders[encoder.value]);
  const start = async () => {
    show(await begin());
  };
  return (
    <section class="plan">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
      </div>
      <p class="facts">
        <span>{project.value!.table.name}</span>
        <span>{forTasks().each[target.value.task].given(texts.length, labels.value.length)}</span>
        {encoder.value === "multilingual" && <span>{textLanguage().multilingual}</span>}
      </p>
      <fieldset class="efforts">
        <legend>{t.effort}</legend>
        {efforts.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="effort"
              value={name}
              checked={settings.value.effort === name}
              onChange={() => set({ effort: name })}
            />
            <strong>{t.efforts[name]}</strong>
            <span class="hint">{t.effortHints[name]}</span>
          </label>
        ))}
      </fieldset>
      <Details />
      <div class="launch">
        <button
          type="button"
          class={unfinished.value === null ? "primary large" : "large"}
          onClick={() => void start()}
        >
          {t.start}
        </button>
        <p>
          {t.estimated(m().span(guessed(seconds, timed !== null)), m().size(memory), steps)}{" "}
          {timed === null && <span class="hint">{t.roughly}</span>}
        </p>
      </div>
    </section>
  );
}
