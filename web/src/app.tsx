import { chooseLanguage, type Language, language, languages, m } from "./messages/index.js";
import { Icon } from "./parts/icons.js";
import { later } from "./parts/later.js";
import { Meter } from "./parts/meter.js";
import { whenIdle } from "./parts/when-idle.js";
import { canUndo, project, undo } from "./state/project.js";
import { run } from "./state/runs.js";
import { notice, notify, spoken } from "./state/notice.js";
import { others, step, steps, type Theme, theme, themes } from "./state/view.js";
import { fetching } from "./state/download.js";
import { client } from "./engine/client.js";
import { unstoredRuns } from "./storage/lasting.js";
import { training } from "./state/training.js";
import { isUnstored } from "./storage/database.js";
import { isMember } from "./state/membership.js";
import { DataStep } from "./steps/data/data-step.js";
import { JudgeStep } from "./steps/judge/judge-step.js";

const ChatPage = later(async () => (await import("./steps/chat/chat-page.js")).ChatPage);
const TrainStep = later(async () => (await import("./steps/train/train-step.js")).TrainStep);
const TakeStep = later(async () => (await import("./steps/take/take-step.js")).TakeStep);
const SearchPage = later(async () => (await import("./steps/search/search-page.js")).SearchPage);
const RankPage = later(async () => (await import("./steps/rank/rank-page.js")).RankPage);
const ComparePage = later(async () => (await import("./steps/compare/compare-page.js")).ComparePage);
const TogetherPage = later(async () => (await import("./steps/together/together-page.js")).TogetherPage);
const KernelsPage = later(async () => (await import("./steps/kernels/kernels-page.js")).KernelsPage);

const views = {
  data: DataStep,
  train: TrainStep,
  judge: JudgeStep,
  take: TakeStep,
  chat: ChatPage,
  search: SearchPage,
  rank: RankPage,
  compare: ComparePage,
  together: TogetherPage,
  kernels: KernelsPage,
};

/**
 * Loads the steps in advance, one by one while nothing else happens. After a long training, the server may have newer files, and a chunk of
 * this version may be gone.
 */
export async function prefetch(): Promise<void> {
  for (const fetched of [DataStep.all, TrainStep.fetched, ...JudgeStep.all, TakeStep.fetched, client]) {
    await whenIdle();
    await fetched();
  }
}

/** Waits for the page that the address names if it is loaded on demand, so that the content does not shift after the first paint. */
export async function viewFetched(): Promise<void> {
  const view = views[step.value];
  if ("fetched" in view) await view.fetched();
}

/** Which steps have something to show. */
const reached = () => ({
  data: project.value !== null,
  train: training.value !== null || run.value !== null,
  judge: run.value !== null,
  take: run.value !== null,
});

function Steps() {
  const there = reached();
  return (
    <nav aria-label={m().nav}>
      <ol>
        {steps.map((name, i) => (
          <li key={name}>
            <a href={`#${name}`} aria-current={step.value === name ? "step" : undefined} data-reached={there[name]}>
              <span class="place" aria-hidden="true">
                {i + 1}
              </span>
              <span class="name">{m().steps[name]}</span>
              {name === "train" && training.value !== null && <span class="pulse" aria-hidden="true" />}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The menu of the pages that are not steps, each with a hint. */
function Others() {
  const { more, also, others: names, othersHints } = m();
  const isThere = others.some((name) => name === step.value);
  return (
    <>
      <button type="button" class="quiet" popovertarget="others" data-current={isThere}>
        {more} <Icon name="below" />
      </button>
      <nav id="others" popover="auto" aria-label={also}>
        <ul>
          {others.map((name) => (
            <li key={name}>
              <a
                href={`#${name}`}
                aria-current={step.value === name ? "page" : undefined}
                onClick={({ currentTarget }) => currentTarget.closest<HTMLElement>("[popover]")!.hidePopover()}
              >
                <strong>{names[name]}</strong> <span class="hint">{othersHints[name]}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </>
  );
}

function Appearance() {
  const { settingsOf, languageLabel, languageFailed, themeLabel, themes: names } = m();
  const choose = (tag: Language) => void chooseLanguage(tag).catch(() => notify(languageFailed));
  return (
    <>
      <button type="button" class="quiet" popovertarget="appearance">
        <Icon name="sun" />
        <span>{language.value.toUpperCase()}</span> <span class="hidden">{settingsOf}</span>
      </button>
      <div id="appearance" popover="auto" class="appearance">
        <label>
          {languageLabel}
          <select value={language.value} onChange={(event) => choose(event.currentTarget.value as Language)}>
            {Object.entries(languages).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {themeLabel}
          <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
            {themes.map((name) => (
              <option key={name} value={name}>
                {names[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </>
  );
}

function Notice() {
  const now = notice.value;
  const takeBack = now?.undo === true ? canUndo.value && undo : (now?.undo ?? false);
  return (
    <div class="notice" role="status" aria-live="polite" data-shown={now !== null}>
      {now !== null && (
        <>
          <span>{now.text}</span>
          {takeBack && (
            <button type="button" onClick={() => (takeBack(), (notice.value = null))}>
              {m().undo}
            </button>
          )}
        </>
      )}
    </div>
  );
}

/** The progress of the model's download, on pages that do not show it themselves. */
function Fetching() {
  const now = fetching.value;
  // Small files load at once and need no banner.
  if (now === null || now.total < 1e6 || step.value === "train" || step.value === "together") return null;
  const title = m().train.states.downloading;
  return (
    <div class="banner fetching">
      <span role="status">{title}</span>
      <span>{`${m().size(now.received)} / ${m().size(now.total)}`}</span>
      {now.secondsLeft !== null && <span>{m().train.left(m().duration(now.secondsLeft))}</span>}
      <Meter done={now.received / now.total} label={title} />
    </div>
  );
}

export function App({ lasting }: { lasting: boolean }) {
  const View = views[step.value];
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => (event.preventDefault(), document.getElementById("content")!.focus())}
      >
        {m().skip}
      </a>
      <header class="bar">
        <a class="mark" href="#data">
          <img src="./icon.svg" alt="" width="28" height="28" />
          <span>
            lowrank <em>studio</em>
          </span>
        </a>
        <Steps />
        <div class="ends">
          <Others />
          <Appearance />
        </div>
      </header>
      <div class="banners">
        {!lasting && <p class="banner">{m().noRoom}</p>}
        <div role="alert">
          {(isUnstored.value || unstoredRuns.value.size > 0) && <p class="banner">{m().unstored}</p>}
        </div>
        <Fetching />
      </div>
      <main id="content" tabIndex={-1}>
        <View />
      </main>
      <footer>
        <nav aria-label={m().also}>
          <ul class="elsewhere">
            {others.map((name) => (
              <li key={name}>
                <a href={`#${name}`} aria-current={step.value === name ? "page" : undefined}>
                  {m().others[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <p>
          <Icon name="lock" /> {isMember() ? m().promiseTogether : m().promise}
        </p>
        <p>
          <a href="./THIRD-PARTY-NOTICES.txt" target="_blank">
            {m().notices}
          </a>
        </p>
      </footer>
      <p class="hidden" role="status">
        {spoken.value}
      </p>
      <Notice />
    </>
  );
}
