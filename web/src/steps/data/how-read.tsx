import type { HowRead as How } from "../../data/table.js";
import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { LanguageFact } from "../../parts/text-language.js";
import { closeProject, project } from "../../state/project.js";
import { textLanguages } from "../../state/text-languages.js";
import { Correct } from "./correct.js";
import { Predicted } from "./predicted.js";
import { clearFilter } from "./state.js";

/** What the file is: a workbook's sheet, or its encoding and separator. */
function formatOf({ format, encoding, delimiter, book }: How): string {
  const t = m().data;
  if (format === "workbook") return book === undefined ? t.workbook : forReading().sheet(book.sheets[book.sheet]!.name);
  return [encoding.toUpperCase(), format === "delimited" ? t.separators[delimiter] : t[format]].join(", ");
}

/** What was skipped or filled in; a warning if the user has to do something about it. */
function Made({ how: { book, header, skipped = 0, below = [] } }: { how: How }) {
  const t = forReading();
  return (
    <>
      {skipped > 0 && <span>{header ? t.skipped(skipped) : t.skippedWithoutNames(skipped)}</span>}
      {below.length > 0 && <span>{t.below(below.length)}</span>}
      {book !== undefined && book.filled > 0 && <span>{t.filled(book.filled)}</span>}
      {book !== undefined && book.unsolved > 0 && <span class="warn">{t.unsolved(book.unsolved)}</span>}
    </>
  );
}

/** The file's name, how it was read, and what is to be predicted. */
export function HowRead() {
  const { table, rows } = project.value!;
  const t = m().data;
  const { how } = table;
  return (
    <div class="how-read">
      <div class="file">
        <h1>{table.name}</h1>
        <p class="facts">
          <span>{t.read(rows.length)}</span>
          <span>{formatOf(how)}</span>
          <Made how={how} />
          <LanguageFact found={textLanguages.value} />
          {how.uneven > 0 && <span class="warn">{t.uneven(how.uneven)}</span>}
        </p>
      </div>
      <Predicted />
      <div class="actions">
        <Correct />
        <button type="button" class="quiet" onClick={() => (clearFilter(), closeProject())}>
          {t.another}
        </button>
      </div>
    </div>
  );
}
