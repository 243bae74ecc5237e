import { functions } from "./calls.js";
import { callback } from "./crossings/functions.js";
import { remote } from "./crossings/remote.js";
import type { Call } from "./protocol/scope.js";

// Apart from the table of calls, which every page with a worker loads: few pages train in rounds. What it sends is sent as in the table's
// rows, so that the scripts of all pages export little more.
const { takes, gives: data } = functions.runJob;
const job = takes["options"]!;
const options = functions.cacheModel.takes["options"]!;
const { gives: nothing } = functions["opfsStore.discard"];

const rounds = remote({
  values: ["task", "labels", "modelHash", "maxTokens", "loss", "counts"],
  functions: {
    share: { takes: { labels: data, changes: data, options }, gives: data },
    check: { takes: { what: data, changes: data }, gives: nothing },
    create: { takes: { changes: data }, gives: data },
    open: { takes: { files: data, changes: data, options }, gives: nothing },
    fitHead: { takes: {}, gives: nothing },
    fit: { takes: { options }, gives: data },
    evaluate: { takes: { options }, gives: data },
    save: { takes: {}, gives: data },
    close: { takes: {}, gives: nothing },
  },
});

/** The worker opens rounds for as long as the page's `work` lasts, which calls them. */
export const roundsCall: Call = {
  takes: { what: data, spec: data, work: callback({ takes: { rounds }, gives: nothing }), options: job },
  gives: nothing,
};
