import { isForeign, type TextLanguages } from "../data/text-languages.js";
import { type EncoderId, encoders } from "../engine/encoders.js";
import { language, m } from "../messages/index.js";
import { textLanguage } from "../messages/text-language.js";
import "../style/text-language.css";

/** The languages' names in the language of the page. */
function namesOf({ languages }: TextLanguages): string[] {
  const names = new Intl.DisplayNames(language.value, { type: "language" });
  return languages.map((tag) => names.of(tag) ?? tag);
}

/** The language of the texts in a few words; nothing before it is known. */
export function LanguageFact({ found }: { readonly found: TextLanguages | null }) {
  return found && <span>{textLanguage().facts[found.kind](namesOf(found))}</span>;
}

interface Props {
  /** The language of the texts; null if it is not known. */
  readonly found: TextLanguages | null;
  readonly encoder: EncoderId;
  choose(encoder: EncoderId): void;
}

/** The choice of a model for texts that are not, or may not be, in English. */
export function TextLanguage({ found, encoder, choose }: Props) {
  const t = textLanguage();
  const size = (id: EncoderId) => m().size(encoders[id].download);
  const isChosen = encoder === "multilingual";
  if (!isChosen && (found === null || (found.kind !== "unsure" && !isForeign(found)))) return null;
  const kind = found?.kind ?? "unsure";
  return (
    <section class="text-language" aria-labelledby="text-language" data-kind={kind}>
      <h2 id="text-language">{t.headings[kind](found === null ? [] : namesOf(found))}</h2>
      {isChosen ? (
        <p role="status">{t.chosen(size("multilingual"))}</p>
      ) : (
        <p>
          {kind === "unsure" ? t.whyUnsure : t.why} {t.useHint}
        </p>
      )}
      <div class="actions">
        {/* One button for both: it keeps the focus. */}
        <button
          type="button"
          class={isChosen || kind === "unsure" ? "small" : "primary"}
          onClick={() => choose(isChosen ? "english" : "multilingual")}
        >
          {isChosen ? t.english(size("english")) : t.use(size("multilingual"))}
        </button>
      </div>
      {!isChosen && <p class="hint">{t.stay}</p>}
    </section>
  );
}
