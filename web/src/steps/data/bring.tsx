import { useSignal } from "@preact/signals";
import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { Icon } from "../../parts/icons.js";
import { Paste } from "../../parts/paste.js";
import { ProjectFile } from "../../parts/project-file.js";
import { closed, undo } from "../../state/project.js";
import { openFile, openSample, problem, reading } from "./state.js";

const accepted = ".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.conll,.iob,.iob2,.bio,.xlsx";

/** Why the last file could not be read. */
export function ReadProblem() {
  if (problem.value === null) return null;
  const { kind, detail } = problem.value;
  return (
    <p class="problem" role="alert">
      <Icon name="stop" /> {m().data.problems[kind]!(String(detail))}
    </p>
  );
}

function Shape() {
  const { shape, shapeCaption, shapeText, shapeLabel } = m().data;
  return (
    <table class="shape">
      <caption>{shapeCaption}</caption>
      <thead>
        <tr>
          <th scope="col">{shapeText}</th>
          <th scope="col">{shapeLabel}</th>
        </tr>
      </thead>
      <tbody>
        {shape.map(([text, label]) => (
          <tr key={text}>
            <td>{text}</td>
            <td>
              <span class="tag">{label}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The start page: drop, choose or paste a table, or try the example. */
export function Bring() {
  const t = m().data;
  const over = useSignal(false);
  const pasting = useSignal(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    const file = event.dataTransfer?.files[0];
    if (file) void openFile(file);
  };
  return (
    <section class="bring">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
      </div>
      <div
        class="drop"
        data-over={over.value}
        onDragOver={(event) => (event.preventDefault(), (over.value = true))}
        onDragLeave={() => (over.value = false)}
        onDrop={drop}
      >
        <Icon name="file" />
        <p class="what">{reading.value ? t.reading : t.drop}</p>
        <p class="hint">{t.formats}</p>
        <div class="actions">
          <label class="button primary">
            {t.choose}
            <input
              type="file"
              accept={accepted}
              onChange={({ currentTarget: { files } }) => files?.[0] && void openFile(files[0])}
            />
          </label>
          <button type="button" onClick={() => (pasting.value = true)}>
            {t.paste}
          </button>
          {closed.value !== null && (
            <button type="button" onClick={undo}>
              {forReading().backTo(closed.value.table.name)}
            </button>
          )}
        </div>
        <ReadProblem />
      </div>
      <aside>
        <Shape />
        <div class="example">
          <button type="button" onClick={() => void openSample()}>
            {t.sample} <Icon name="arrow" />
          </button>
          <p class="hint">{t.sampleHint}</p>
        </div>
        <div class="saved">
          <ProjectFile />
          <p class="hint">{m().project.openHint}</p>
        </div>
      </aside>
      {pasting.value && (
        <Paste
          hint={t.pasteHint}
          label={t.pasteLabel}
          onText={(file) => void openFile(file)}
          onClose={() => (pasting.value = false)}
        />
      )}
    </section>
  );
}
