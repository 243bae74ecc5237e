import { close, selectColumns, table, texts } from "../../engine/search/collection.js";
import { search } from "../../messages/search.js";

/** The name of the texts, what was found in them, and their columns. */
export function CollectionBar() {
  const t = search();
  const { name, columns, records, text, question } = table.value!;
  const { texts: all, pairs, repeated, incomplete } = texts.value!;
  const options = columns.map((column, i) => (
    <option key={i} value={i}>
      {column}: {records.find((record) => record[i]!.trim() !== "")?.[i]?.slice(0, 40)}
    </option>
  ));
  return (
    <div class="collection">
      <div class="file">
        <h1>{name}</h1>
        <p class="facts">
          <span>{t.facts(all.length)}</span>
          {question !== null && <span>{t.pairs(pairs.length)}</span>}
          {repeated > 0 && <span>{t.repeated(repeated)}</span>}
          {incomplete > 0 && <span class="warn">{t.incomplete(incomplete)}</span>}
        </p>
      </div>
      {columns.length > 1 && (
        <div class="columns">
          <label>
            {t.textColumn}
            <select value={text} onChange={(event) => selectColumns({ text: Number(event.currentTarget.value) })}>
              {options}
            </select>
          </label>
          <label>
            {t.questionColumn}
            <select
              value={question ?? ""}
              onChange={({ currentTarget: { value } }) =>
                selectColumns({ question: value === "" ? null : Number(value) })
              }
            >
              <option value="">{t.noQuestions}</option>
              {options}
            </select>
          </label>
        </div>
      )}
      <button type="button" class="quiet" onClick={close}>
        {t.another}
      </button>
    </div>
  );
}
