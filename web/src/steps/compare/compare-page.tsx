import { useSignal } from "@preact/signals";
import { adaptedOf, encoderOf, recovering, sharedEncoder } from "../../engine/classify.js";
import { compare as texts } from "../../messages/compare.js";
import { Problem } from "../../parts/problem.js";
import { labels, usable } from "../../state/project.js";
import { run } from "../../state/runs.js";
import { Cosines } from "./cosines.js";
import "../../style/compare.css";

/** Most lines per list. */
const MOST = 12;
/** Number of labels whose sentences fill the lists at first. */
const OWN = 4;

interface Compared {
  readonly first: readonly string[];
  readonly second: readonly string[];
  /** Cosine similarities, one row per sentence of the first list. `after` is null without an adapter. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[] | null;
  /** Name of the adapter's run. */
  readonly name: string;
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, MOST);

/** The first content of a list: one row per label of the open table, different in each list; otherwise the example sentences. */
function beginning(list: "first" | "second"): string {
  const place = list === "first" ? 0 : 1;
  const own = labels.value.slice(0, OWN).flatMap(([label]) => {
    const found = usable.value.filter((row) => row.label === label)[place];
    return found === undefined ? [] : [found.text.replace(/\s+/g, " ").trim()];
  });
  return (own.length > 1 ? own : texts()[list]).join("\n");
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The similarity of sentences, without and with the adapter. */
export function ComparePage() {
  const t = texts();
  const first = useSignal(beginning("first"));
  const second = useSignal(beginning("second"));
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const result = useSignal<Compared | null>(null);
  const compare = async (event: Event) => {
    event.preventDefault();
    const [a, b] = [linesOf(first.value), linesOf(second.value)];
    if (a.length === 0 || b.length === 0 || busy.value) return;
    busy.value = true;
    error.value = null;
    const now = run.value;
    try {
      result.value = await recovering(async () => {
        const encoder = await sharedEncoder(now === null ? "english" : encoderOf(now));
        // A head alone has none.
        const adapter = now?.files && "adapter_model.safetensors" in now.files ? now.id : null;
        if (now !== null && adapter !== null) await adaptedOf(now);
        const cosines = async (name: string | null) => {
          const vectors = await encoder.encode([...a, ...b], { normalize: true, adapter: name });
          return a.map((_, i) => b.map((_, k) => dot(vectors[i]!, vectors[a.length + k]!)));
        };
        const before = await cosines(null);
        return {
          first: a,
          second: b,
          before,
          after: adapter === null ? null : await cosines(adapter),
          name: now?.name ?? "",
        };
      });
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  const found = result.value;
  const list = (title: string, value: typeof first) => (
    <label>
      {title}
      <textarea rows={5} value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
    </label>
  );
  return (
    <div class="compare">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
      </div>
      <form onSubmit={(event) => void compare(event)}>
        {list(t.firstLabel, first)}
        {list(t.secondLabel, second)}
        <button class="primary" disabled={busy.value}>
          {busy.value ? t.busy : t.compare}
        </button>
      </form>
      {error.value !== null && <Problem error={error.value} title="" />}
      {found !== null && (
        <div class="beside">
          <Cosines title={t.before} rows={found.first} columns={found.second} values={found.before} />
          {found.after !== null ? (
            <Cosines title={t.after(found.name)} rows={found.first} columns={found.second} values={found.after} />
          ) : (
            <p class="hint">{t.noAdapter}</p>
          )}
        </div>
      )}
    </div>
  );
}
