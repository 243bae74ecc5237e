import { useSignal } from "@preact/signals";
import { m } from "../../messages/index.js";
import { tell } from "../../state/view.js";

const places = ["page", "node", "python", "edge"] as const;
type Place = (typeof places)[number];

const snippets: Readonly<Record<Place, string>> = {
  page: `import { TextClassifier } from "lowrank/worker";

const files = {};
for (const name of [
  "adapter_config.json",
  "adapter_model.safetensors",
  "head.safetensors",
  "labels.json",
]) {
  const response = await fetch(\`/classifier/\${name}\`);
  files[name] = new Uint8Array(await response.arrayBuffer());
}
const classifier = await TextClassifier.open(files);
const [{ label, probability }] = await classifier.predict(["a sentence"]);`,
  node: `import { TextClassifier } from "lowrank";

const classifier = await TextClassifier.open("classifier");
const [{ label, probability }] = await classifier.predict(["a sentence"]);`,
  python: `from peft import PeftModel
from transformers import AutoModel

base = AutoModel.from_pretrained("sentence-transformers/all-MiniLM-L6-v2")
model = PeftModel.from_pretrained(base, "classifier")
# logits = mean_pooled @ weight + bias, by head.safetensors; labels.json names them`,
  edge: `import { SentenceEncoder } from "lowrank";
import { AdapterServer } from "lowrank/serve";

// model: by ranges from a bucket; adapters: from a store: docs/serving.md
const encoder = await SentenceEncoder.load(model);
const server = new AdapterServer(encoder, { adapters });
export default { fetch: (request) => server.fetch(request) };`,
};

/** How the classifier is used elsewhere. */
export function Snippets() {
  const t = m().take;
  const place = useSignal<Place>("page");
  const copy = async () => {
    await navigator.clipboard.writeText(snippets[place.value]);
    tell(t.copied);
  };
  return (
    <section class="snippets" aria-labelledby="use-heading">
      <h2 id="use-heading">{t.use}</h2>
      <p class="hint">{t.useHint}</p>
      <fieldset class="tabs">
        <legend class="hidden">{t.use}</legend>
        {places.map((name) => (
          <label key={name}>
            <input type="radio" name="place" checked={place.value === name} onChange={() => (place.value = name)} />
            {t.places[name]}
          </label>
        ))}
      </fieldset>
      <pre tabIndex={0}>
        <code>{snippets[place.value]}</code>
      </pre>
      <button type="button" class="small" onClick={() => void copy()}>
        {t.copy}
      </button>
    </section>
  );
}
