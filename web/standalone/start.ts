import { init, SentenceEncoder, TextClassifier } from "lowrank/inline";
import { carriedFiles } from "./carried.js";

/** What the page says, in the language that it was saved in; see web/src/steps/take/html-file.ts. */
interface Facts {
  readonly model: string;
  readonly locale: string;
  readonly ready: string;
  readonly failed: string;
}

/** Classes that are shown of an answer, and lines that are asked about together. */
const [SHOWN, TOGETHER] = [6, 16];

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

/** Reads what the page carries, and answers from then on. */
export async function start(): Promise<void> {
  const facts = JSON.parse(find("classifier").textContent) as Facts;
  const state = find("state");
  try {
    const classifier = await open(facts);
    state.textContent = facts.ready;
    listen(classifier, facts);
  } catch (error) {
    state.textContent = `${facts.failed} ${String(error)}`;
    state.dataset["failed"] = "true";
  }
}

async function open({ model }: Facts): Promise<TextClassifier> {
  const bar = find<HTMLProgressElement>("bar");
  bar.max = document.querySelectorAll("script[data-of]").length;
  const onPiece = () => void bar.value++;
  const files = await carriedFiles("model", onPiece);
  const own = await carriedFiles("classifier", onPiece);
  // From a file there is no shared memory, and no other script to start.
  await init({ threads: 1 });
  const encoder = await SentenceEncoder.load({ name: model, open: async (file) => sourceOf(files[file]) });
  // The base is the one that it was trained on, its weights rounded, which makes another fingerprint.
  const classifier = TextClassifier.load(encoder, own, { adapter: "classifier", allowOtherBase: true });
  bar.hidden = true;
  return classifier;
}

const sourceOf = (bytes: Uint8Array | undefined) =>
  bytes === undefined
    ? null
    : { size: bytes.length, read: async (at: number, length: number) => bytes.subarray(at, at + length) };

function listen(classifier: TextClassifier, { locale }: Facts): void {
  const [form, input, button, list] = [
    find<HTMLFormElement>("ask"),
    find<HTMLTextAreaElement>("text"),
    find<HTMLButtonElement>("go"),
    find("answers"),
  ];
  const number = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percent = (share: number) => `${number.format(100 * share)} %`;
  button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const texts = input.value.split("\n").filter((line) => line.trim() !== "");
    if (texts.length === 0 || button.disabled) return;
    button.disabled = true;
    list.replaceChildren();
    const answer = async () => {
      for (let at = 0; at < texts.length; at += TOGETHER) {
        const said = await classifier.predict(texts.slice(at, at + TOGETHER));
        list.append(...said.map((one) => drawn(one, percent)));
      }
    };
    answer()
      .catch((error: unknown) => list.append(String(error)))
      .finally(() => (button.disabled = false));
  });
  input.addEventListener("keydown", (event) => {
    // Enter alone begins another line.
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

type Prediction = Awaited<ReturnType<TextClassifier["predict"]>>[number];

function drawn({ text, probabilities }: Prediction, percent: (share: number) => string): HTMLElement {
  const item = document.createElement("li");
  const said = Object.assign(document.createElement("p"), { textContent: text });
  const odds = document.createElement("dl");
  const best = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  for (const [label, share] of best.slice(0, SHOWN)) {
    const name = Object.assign(document.createElement("dt"), { textContent: label });
    const value = Object.assign(document.createElement("dd"), { textContent: percent(share) });
    value.style.setProperty("--share", `${100 * share}%`);
    odds.append(name, value);
  }
  item.append(said, odds);
  return item;
}
