import { signal, useSignal } from "@preact/signals";
import { encoders } from "../../engine/encoders.js";
import { joinRounds } from "../../engine/federation.js";
import { keepAsRun } from "../../engine/loaded-run.js";
import { together } from "../../messages/together.js";
import { Empty } from "../../parts/empty.js";
import { Problem } from "../../parts/problem.js";
import { TextLanguage } from "../../parts/text-language.js";
import { isMember, type Membership, membership } from "../../state/membership.js";
import { chooseEncoder, encoder, labels, project, target, usable } from "../../state/project.js";
import { textLanguages } from "../../state/text-languages.js";
import { go } from "../../state/view.js";
import { Member } from "./member.js";
import { Rounds } from "./rounds.js";
import "../../style/together.css";

/** The server in the link: "#together?server=/flower". */
const invited = () => new URLSearchParams(location.hash.split("?")[1] ?? "").get("server") ?? "";

/** A server that the user typed instead of the link's. It stays while this tab takes part, and for the next time. */
const typed = signal<{ readonly invited: string; readonly server: string } | null>(null);

/** The outcome of a federation that has ended. */
function Outcome({ now }: { now: Membership }) {
  const t = together();
  const error = useSignal<unknown>(null);
  const taken = now.rounds.filter(({ state }) => state === "taken").length;
  const use = async () => {
    try {
      await keepAsRun("together", t.runName, now.files!);
      go("judge");
    } catch (reason) {
      error.value = reason;
    }
  };
  return (
    <section class="outcome">
      {now.problem !== null ? (
        <Problem error={now.problem} title={t.failed} />
      ) : (
        <div role="status">
          <h2>{t.over(taken)}</h2>
        </div>
      )}
      {taken > 0 && <p class="facts">{t.traffic(t.kilobytes(now.sent), t.kilobytes(now.received))}</p>}
      <Rounds now={now} />
      {now.files !== null && (
        <>
          <p class="hint">{t.overHint}</p>
          <div class="actions">
            <button type="button" class="primary" onClick={() => void use()}>
              {t.use}
            </button>
          </div>
        </>
      )}
      {error.value !== null && <Problem error={error.value} title="" />}
    </section>
  );
}

function Join() {
  const t = together();
  const link = invited();
  const server = typed.value?.invited === link ? typed.value.server : link;
  const isNone = useSignal(false);
  const join = (event: Event) => {
    event.preventDefault();
    const given = server.trim();
    if (given === "") return;
    try {
      const { href } = new URL(given, document.baseURI);
      isNone.value = false;
      void joinRounds(
        href,
        usable.value.map(({ text, label }) => ({ text, label })),
        encoder.value,
      );
    } catch {
      isNone.value = true;
    }
  };
  return (
    <form class="join" onSubmit={join}>
      <TextLanguage found={textLanguages.value} encoder={encoder.value} choose={chooseEncoder} />
      <p>{t.trainingRows(usable.value.length, project.value!.table.name)}</p>
      <p class="hint">{t.labels(labels.value.map(([label]) => label))}</p>
      <p class="hint">{t.sameModel(encoders[encoder.value].name)}</p>
      <label>
        {t.server} <span class="hint">{t.serverHint}</span>
        <input
          required
          value={server}
          onInput={(event) => (typed.value = { invited: link, server: event.currentTarget.value })}
        />
      </label>
      {isNone.value && (
        <p class="problem" role="alert">
          {t.noAddress}
        </p>
      )}
      <p class="hint">{t.leaves}</p>
      <button class={membership.value === null ? "primary" : ""}>{membership.value === null ? t.join : t.again}</button>
    </form>
  );
}

/** Federated training with others, on the open table. */
export function TogetherPage() {
  const t = together();
  const now = membership.value;
  return (
    <div class="together">
      <div class="lead">
        <h1>{t.heading}</h1>
        {now === null && (
          <>
            <p class="intro">{t.intro}</p>
            <p class="hint">{t.invited}</p>
          </>
        )}
      </div>
      {now !== null && (now.state === "over" ? <Outcome now={now} /> : <Member now={now} state={now.state} />)}
      {!isMember() &&
        (project.value === null || usable.value.length === 0 || target.value.task !== "classify" ? (
          <Empty below title={target.value.task === "classify" ? t.noTable : t.otherTask} hint={t.noTableHint}>
            <a class="button primary" href="#data">
              {t.toData}
            </a>
          </Empty>
        ) : (
          <Join />
        ))}
    </div>
  );
}
