import { encodings } from "../../data/decode.js";
import { type Correction, delimiters, type HowBook, type HowRead } from "../../data/table.js";
import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { project } from "../../state/project.js";
import { openFile, sources } from "./state.js";

interface Choice {
  readonly label: string;
  readonly value: string | number;
  readonly options: readonly (readonly [value: string | number, shown: string])[];
  readonly onPick: (value: string) => Promise<boolean>;
}

/** A list to choose from. If the file cannot be read like that, the table stays as it was, and so does the choice. */
function Choose({ label, value, options, onPick }: Choice) {
  const pick = async (select: HTMLSelectElement) => {
    if (!(await onPick(select.value))) select.value = String(value);
  };
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => void pick(event.currentTarget)}>
        {options.map(([own, shown]) => (
          <option key={own} value={own}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Which row has the columns' names. */
function namesIn({ firstRows = [], headerRow = 0 }: HowRead): Choice["options"] {
  const { namesRow, noNames } = forReading();
  const known = firstRows.some(({ at }) => at === headerRow) || headerRow === 0;
  const rows = known ? firstRows : [...firstRows, { at: headerRow, text: "" }];
  return [...rows.map(({ at, text }) => [at, namesRow(at, text)] as const), [0, noNames]];
}

/** What the rows below the table are; they have no choice if there are none. */
function rowsBelow({ below = [] }: HowRead): Choice["options"] {
  const { belowSkipped, belowRows } = forReading();
  const [first] = below;
  return [
    ["skip", first === undefined ? belowSkipped("") : belowSkipped(forReading().namesRow(first.at, first.text))],
    ["rows", belowRows],
  ];
}

/** Why rows and sheets were skipped, and what was made of cells. */
function Why({ how, book }: { how: HowRead; book: HowBook | undefined }) {
  const t = forReading();
  const reasons = [
    book?.passedOver && t.passedOver(book.sheets[book.sheet]!.name),
    (how.skipped ?? 0) > 0 && t.skippedWhy,
    (how.below ?? []).length > 0 && t.belowWhy,
    book !== undefined && book.unsolved > 0 && t.unsolvedWhy,
  ].filter((reason) => typeof reason === "string");
  return reasons.map((reason) => (
    <p key={reason} class="hint">
      {reason}
    </p>
  ));
}

/** How the file was read, with fields to correct it. A table of an earlier visit has no file. */
export function Correct() {
  const { table } = project.value!;
  const { how } = table;
  const t = m().data;
  const own = forReading();
  const given = sources.get(table);
  if (given === undefined) return null;
  const correct = (correction: Correction) => openFile(given.file, { ...given.correction, ...correction });
  const { book } = how;
  const sheets = book?.sheets ?? [];
  return (
    <>
      <button type="button" class="quiet" popovertarget="how-read">
        {t.howRead}
      </button>
      <div id="how-read" popover="auto">
        {book !== undefined && (
          <Choose
            label={own.sheetLabel}
            value={book.sheet}
            options={sheets.map(({ name, isHidden }, i) => [i, isHidden ? own.hidden(name) : name])}
            onPick={(sheet) => correct({ sheet: Number(sheet), headerRow: undefined })}
          />
        )}
        {how.format !== "workbook" && (
          <Choose
            label={t.encoding}
            value={how.encoding}
            options={encodings.map((name) => [name, name.toUpperCase()])}
            onPick={(encoding) => correct({ encoding: encoding as HowRead["encoding"] })}
          />
        )}
        {how.format === "delimited" && (
          <Choose
            label={t.separator}
            value={how.delimiter}
            options={delimiters.map((sign) => [sign, t.separators[sign]!])}
            onPick={(delimiter) => correct({ delimiter })}
          />
        )}
        {how.firstRows !== undefined && (
          <Choose
            label={own.namesIn}
            value={how.headerRow ?? 0}
            options={namesIn(how)}
            onPick={(row) => correct({ headerRow: Number(row) })}
          />
        )}
        {((how.below ?? []).length > 0 || given.correction.withoutBelow === false) && (
          <Choose
            label={own.belowLabel}
            value={given.correction.withoutBelow === false ? "rows" : "skip"}
            options={rowsBelow(how)}
            onPick={(what) => correct({ withoutBelow: what === "skip" })}
          />
        )}
        <Why how={how} book={book} />
      </div>
    </>
  );
}
