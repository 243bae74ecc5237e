import { init, SentenceEncoder, TextClassifier } from "lowrank/inline";
import { carriedFiles } from "./carried.js";

/** The page's texts, in the language that it was saved in; see web/src/steps/take/html-file.ts. */
interface Facts {
  readonly model: string;
  readonly locale: string;
  readonly ready: string;
  readonly failed: string;
}

/** Number of labels shown per line, and of lines per prediction. */
const [SHOWN, TOGETHER] = [6, 16];

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

/** Loads the embedded model, then answers. */
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
  // A page opened from a disk has no shared memory and cannot start other scripts.
  await init({ threads: 1 });
  const encoder = await SentenceEncoder.load({ name: model, open: async (file) => sourceOf(files[file]) });
  // The base model is the one of the training with rounded weights, so its fingerprint differs.
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
    // Enter without Ctrl or Cmd starts a new line.
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
