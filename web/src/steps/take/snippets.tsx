import { useSignal } from "@preact/signals";
import { m } from "../../messages/index.js";
import { tell } from "../../state/view.js";

const places = ["page", "node", "python", "edge"] as const;
type Place = (typeof places)[number];

const snippets: Readonly<Record<Place, string>> = {
  page: `import { TextClassifier } from "lowrank/worker";

const names = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"];
const read = async (name) => [name, new Uint8Array(await (await fetch(\`/classifier/\${name}\`)).arrayBuffer())];
const classifier = await TextClassifier.open(Object.fromEntries(await Promise.all(names.map(read))));
const [{ label, probability }] = await classifier.predict(["a sentence"]);`,
  node: `import { TextClassifier } from "lowrank";

const classifier = await TextClassifier.open("classifier");
const [{ label, probability }] = await classifier.predict(["a sentence"]);`,
  python: `from peft import PeftModel
from transformers import AutoModel

base = AutoModel.from_pretrained("sentence-transformers/all-MiniLM-L6-v2")
model = PeftModel.from_pretrained(base, "classifier")
# head.safetensors: logits = mean_pooled @ weight + bias; labels.json has the labels in order`,
  edge: `import { SentenceEncoder } from "lowrank";
import { AdapterServer } from "lowrank/serve";

// The model from a bucket by ranges, the adapter from a store by its tenant's name: docs/serving.md
const server = new AdapterServer(await SentenceEncoder.load(model), { adapters });
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
