import { render } from "preact";
import { App, prefetch, viewFetched } from "./app.js";
import { storeForOffline } from "./engine/offline-copy.js";
import { textsLoaded } from "./messages/index.js";
import { keepFocus } from "./parts/keep-focus.js";
import { listenForUndo } from "./parts/undo-key.js";
import { storesLast } from "./storage/lasting.js";
import { keepProject } from "./state/project.js";
import { loadRuns } from "./state/runs.js";
import "./style/fonts.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/data.css";
import "./style/train.css";
import "./style/judge.css";

// Without this, the browser opens a file that is dropped outside a drop zone, and the page is gone.
for (const type of ["dragover", "drop"] as const)
  addEventListener(type, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });

// A file that was mended elsewhere is chosen once more. Browsers tell only of another choice than the last one.
addEventListener(
  "click",
  ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "file") target.value = "";
  },
  true,
);

// Which code a view needs may depend on the table and the runs that there are.
const restored = Promise.all([keepProject(), loadRuns()]).then(viewFetched);
const [lasting] = await Promise.all([storesLast(), viewFetched(), restored, textsLoaded()]);
keepFocus();
listenForUndo();
render(<App lasting={lasting} />, document.getElementById("studio")!);

// At once: a worker that takes the page over later does so while an engine starts.
if (import.meta.env.PROD) void storeForOffline();

void prefetch();
