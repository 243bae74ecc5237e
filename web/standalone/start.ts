import { init, SentenceEncoder, TextClassifier, TextRegressor, TokenClassifier } from "lowrank/inline";
import { carriedFiles } from "./carried.js";

/** The page's texts, in the language that it was saved in; see web/src/steps/take/html-file.ts. */
interface Facts {
  readonly task: keyof typeof askers;
  readonly model: string;
  readonly locale: string;
  readonly ready: string;
  readonly failed: string;
  /** Shown for a text without any of several labels. */
  readonly none: string;
  /** Shown for a probability that rounds to 100 %, and to 0 %. */
  readonly sure: string;
  readonly unlikely: string;
}

/** Number of labels shown per line, and of lines per prediction. */
const [SHOWN, TOGETHER] = [6, 16];

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

/** Loads the embedded model, then answers. */
export async function start(): Promise<void> {
  const facts = JSON.parse(find("classifier").textContent) as Facts;
  const state = find("state");
  try {
    const ask = await open(facts);
    state.textContent = facts.ready;
    listen(ask, facts);
  } catch (error) {
    state.textContent = `${facts.failed} ${String(error)}`;
    state.dataset["failed"] = "true";
  }
}

/** What an answer says: shares by label, which of them the text gets, a number, or marked words. */
interface Answer {
  readonly shares?: Readonly<Record<string, number>>;
  readonly labels?: readonly string[];
  readonly number?: number;
  readonly marks?: readonly { readonly start: number; readonly end: number; readonly label: string }[];
}
type Ask = (texts: readonly string[]) => Promise<readonly Answer[]>;
type Open = (...from: Parameters<typeof TextRegressor.load>) => Ask;

/** What a model of each task answers. */
const askers = {
  classify(...from) {
    const classifier = TextClassifier.load(...from);
    return async (texts) => (await classifier.predict(texts)).map(({ probabilities }) => ({ shares: probabilities }));
  },
  "multi-label"(...from) {
    const classifier = TextClassifier.load<string, true>(...from);
    return async (texts) => (await classifier.predict(texts)).map(({ labels, scores }) => ({ shares: scores, labels }));
  },
  regress(...from) {
    const regressor = TextRegressor.load(...from);
    return async (texts) => (await regressor.predict(texts)).map((number) => ({ number }));
  },
  tokens(...from) {
    const classifier = TokenClassifier.load(...from);
    return async (texts) => (await classifier.predict(texts)).map((marks) => ({ marks }));
  },
} satisfies Readonly<Record<string, Open>>;

async function open({ task, model }: Facts): Promise<Ask> {
  const bar = find<HTMLProgressElement>("bar");
  bar.max = document.querySelectorAll("script[data-of]").length;
  const onPiece = () => void bar.value++;
  const files = await carriedFiles("model", onPiece);
  const own = await carriedFiles("classifier", onPiece);
  // A page opened from a disk has no shared memory and cannot start other scripts.
  await init({ threads: 1 });
  const encoder = await SentenceEncoder.load({ name: model, open: async (file) => sourceOf(files[file]) });
  // The base model is the one of the training with rounded weights, so its fingerprint differs.
  const ask = askers[task](encoder, own, { adapter: "classifier", allowOtherBase: true });
  bar.hidden = true;
  return ask;
}

const sourceOf = (bytes: Uint8Array | undefined) =>
  bytes === undefined
    ? null
    : { size: bytes.length, read: async (at: number, length: number) => bytes.subarray(at, at + length) };

function listen(ask: Ask, { locale, none, sure, unlikely }: Facts): void {
  const [form, input, button, list] = [
    find<HTMLFormElement>("ask"),
    find<HTMLTextAreaElement>("text"),
    find<HTMLButtonElement>("go"),
    find("answers"),
  ];
  const whole = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
  const written: Written = {
    // As `odds` of the Studio's notation.
    percent: (share) => (share >= 0.995 ? sure : share < 0.005 ? unlikely : whole.format(share)),
    number: (value) => plain.format(value),
    none,
  };
  button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const texts = input.value.split("\n").filter((line) => line.trim() !== "");
    if (texts.length === 0 || button.disabled) return;
    button.disabled = true;
    list.replaceChildren();
    const answer = async () => {
      for (let at = 0; at < texts.length; at += TOGETHER) {
        const some = texts.slice(at, at + TOGETHER);
        const said = await ask(some);
        list.append(...said.map((one, i) => drawn(some[i]!, one, written)));
      }
    };
    answer()
      .catch((error: unknown) => list.append(String(error)))
      .finally(() => (button.disabled = false));
  });
  input.addEventListener("keydown", (event) => {
    // Enter without Ctrl or Cmd starts a new line.
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** How values are written in the page's language. */
interface Written {
  readonly percent: (share: number) => string;
  readonly number: (value: number) => string;
  readonly none: string;
}

const element = (name: string, textContent: string, className = "") =>
  Object.assign(document.createElement(name), { textContent, className });

/** A text with its marked words, each with its label. */
function marked(text: string, marks: NonNullable<Answer["marks"]>): HTMLElement {
  const all = element("p", "");
  let at = 0;
  for (const { start, end, label } of marks) {
    const mark = element("mark", `${text.slice(start, end)} `);
    mark.append(element("small", label));
    all.append(text.slice(at, start), mark);
    at = end;
  }
  all.append(text.slice(at));
  return all;
}

function drawn(text: string, { shares = {}, labels, number, marks = [] }: Answer, written: Written): HTMLElement {
  const item = document.createElement("li");
  item.append(marked(text, marks));
  if (number !== undefined) item.append(element("p", written.number(number), "number"));
  if (labels !== undefined) item.append(element("p", labels.join(", ") || written.none, "labels"));
  const odds = document.createElement("dl");
  const best = Object.entries(shares).sort(([, a], [, b]) => b - a);
  for (const [label, share] of best.filter(([label], i) => i < SHOWN || labels?.includes(label))) {
    const value = element("dd", written.percent(share));
    value.style.setProperty("--share", `${100 * share}%`);
    odds.append(element("dt", label), value);
  }
  if (best.length > 0) item.append(odds);
  return item;
}
