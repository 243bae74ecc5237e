import { encodings } from "../../data/decode.js";
import { type Correction, delimiters } from "../../data/table.js";
import { m } from "../../messages/index.js";
import { closeProject, project } from "../../state/project.js";
import { Predicted } from "./predicted.js";
import { clearFilter, openFile, source } from "./state.js";

/** How the file was read, with fields to correct it. */
function Correct() {
  const { how } = project.value!.table;
  const t = m().data;
  const given = source.value;
  if (given === null || how.format === "workbook") return null;
  const correct = (correction: Correction) => void openFile(given.file, { ...given.correction, ...correction });
  return (
    <>
      <button type="button" class="quiet" popovertarget="how-read">
        {t.howRead}
      </button>
      <div id="how-read" popover="auto">
        <label>
          {t.encoding}
          <select
            value={how.encoding}
            onChange={(event) => correct({ encoding: event.currentTarget.value as (typeof encodings)[number] })}
          >
            {encodings.map((name) => (
              <option key={name} value={name}>
                {name.toUpperCase()}
              </option>
            ))}
          </select>
        </label>
        {how.format === "delimited" && (
          <>
            <label>
              {t.separator}
              <select value={how.delimiter} onChange={(event) => correct({ delimiter: event.currentTarget.value })}>
                {delimiters.map((sign) => (
                  <option key={sign} value={sign}>
                    {t.separators[sign]}
                  </option>
                ))}
              </select>
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={how.header}
                onChange={(event) => correct({ header: event.currentTarget.checked })}
              />
              {t.header}
            </label>
          </>
        )}
      </div>
    </>
  );
}

/** The file's name, how it was read, and what is to be predicted. */
export function HowRead() {
  const { table, rows } = project.value!;
  const t = m().data;
  const { how } = table;
  const format =
    how.format === "workbook"
      ? t.workbook
      : [how.encoding.toUpperCase(), how.format === "delimited" ? t.separators[how.delimiter] : t[how.format]].join(
          ", ",
        );
  return (
    <div class="how-read">
      <div class="file">
        <h1>{table.name}</h1>
        <p class="facts">
          <span>{t.read(rows.length)}</span>
          <span>{format}</span>
          {how.uneven > 0 && <span class="warn">{t.uneven(how.uneven)}</span>}
        </p>
      </div>
      <Predicted />
      <div class="actions">
        <Correct />
        <button type="button" class="quiet" onClick={() => (clearFilter(), (source.value = null), closeProject())}>
          {t.another}
        </button>
      </div>
    </div>
  );
}
