import page from "../../../standalone/page.html?raw";
import type { packModel } from "../../../standalone/pack.js";
import { type EncoderId, encoderNamed, encoders } from "../../engine/encoders.js";
import { headFilesOf, recovering } from "../../engine/classify.js";
import { modelPlace } from "../../engine/model.js";
import type { SavedFiles } from "../../engine/stores.js";
import { downloads } from "../../messages/downloads.js";
import { language, m } from "../../messages/index.js";
import { type Run, taskOf } from "../../state/runs.js";
import { usesHead } from "../judge/verdict-text.js";

/** Bytes per piece of base64. Three bytes make four characters. */
const PIECE = 3 << 20;
/** Size of the library's script. */
const SCRIPT = 1.9e6;

const carried = (bytes: number) => Math.ceil(bytes / 3) * 4;

/** Size of the file in bytes, before it is made. */
export function htmlSize(run: Run): number {
  const { weights, tokenizer } = encoders[encoderNamed(run.spec.model)];
  // A head is small.
  const files = usesHead(run) ? [] : Object.values(run.files!);
  return SCRIPT + carried(weights + tokenizer + files.reduce((sum, { length }) => sum + length, 0));
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
/** Escapes text for a script element, so that it cannot end the script or start another. */
const inScript = (code: string) => code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

const beside = (name: string) => new URL(name, document.baseURI).href;
async function textOf(address: string): Promise<string> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.text();
}

/** The model's licence asks to say what was changed, and stands last among the notices. */
const modelNotice = (encoder: EncoderId) =>
  `${encoders[encoder].name} (Apache-2.0, its text is the last one below), with weights rounded to 16 bits`;

/** Makes one HTML file that classifies offline: it contains script, kernels, model, and the adapter and head, or the head that is better. */
export async function htmlFile(run: Run): Promise<Blob> {
  const address = beside("standalone.js");
  const [script, notices] = await Promise.all([textOf(address), textOf(beside("standalone-notices.txt"))]);
  const library = (await import(/* @vite-ignore */ address)) as { packModel: typeof packModel };
  const encoder = encoderNamed(run.spec.model);
  const model = await library.packModel(await modelPlace(encoder), encoders[encoder].name);
  const parts: (string | Blob)[] = [filled(run, `${modelNotice(encoder)}\n\n${notices}`)];
  for (const [of, files] of Object.entries({ model, classifier: await classifierOf(run) }))
    for (const [name, bytes] of Object.entries(files)) parts.push(...(await pieces(of, name, bytes)));
  parts.push(`<script type="module">${inScript(script)}</script>\n</body>\n</html>\n`);
  return new Blob(parts, { type: "text/html" });
}

/** The files needed for predictions of the model that the test recommends. The picture of the loss is not. */
async function classifierOf(run: Run): Promise<SavedFiles> {
  const files = usesHead(run) ? await recovering(() => headFilesOf(run)) : run.files!;
  return Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith(".svg")));
}

function filled(run: Run, notices: string): string {
  const { page: texts } = downloads();
  const task = taskOf(run);
  const { ready, failed, none } = texts;
  const { odds } = m();
  const facts = {
    task,
    model: encoders[encoderNamed(run.spec.model)].name,
    locale: language.value,
    ready,
    failed,
    none,
    sure: odds(1),
    unlikely: odds(0),
  };
  const fields: Record<string, string> = {
    title: escaped(run.name.replace(/\.[^.]*$/, "")),
    lang: language.value,
    intro: escaped(texts.intros[task](run.labels)),
    label: texts.label,
    go: texts.go[task],
    loading: texts.loading,
    promise: texts.promise,
    licences: texts.licences,
    notices: escaped(notices),
    facts: JSON.stringify(facts).replaceAll("<", "\\u003c"),
  };
  // The embedded files go before the end of the body.
  return page.replace(/<\/body>[^]*$/, "").replace(/\{\{(\w+)\}\}/g, (_, name: string) => fields[name]!);
}

/** A file as inert script elements, each with a piece of it in base64. */
async function pieces(of: string, name: string, bytes: Uint8Array): Promise<string[]> {
  const all: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    const text = await base64(bytes.subarray(at, at + PIECE));
    all.push(`<script type="text/plain" data-of="${of}" data-name="${escaped(name)}">${text}</script>\n`);
  }
  return all;
}

/** Uses the browser's own encoder. */
function base64(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error!);
    reader.readAsDataURL(new Blob([bytes as BlobPart]));
  });
}
