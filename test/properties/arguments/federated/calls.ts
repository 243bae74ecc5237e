import { createNodeKey, joinFederation } from "../../../../packages/flower/src/index-node.js";
import { TextClassifier } from "../../../../ts/index.js";
import { localSources } from "../../../../ts/training/node/local-sources.js";
import type { Call } from "../refusals.js";

/** Stands for an encoder, which is looked at when a round begins; none does. */
class Encoder {}

const example = (label: string) => ({ text: `it is ${label}`, label });

/** What would be waited for long is waited for shortly. */
function brief<T>(options: T): T {
  if (typeof options !== "object" || options === null) return options;
  const { patience } = options as { patience?: unknown };
  const isLong = patience === undefined || (Number.isFinite(patience) && (patience as number) > 0.01);
  return isLong ? { ...options, patience: 0.01 } : options;
}

/** What Node's entry of federated rounds has. No server stands at the address: right options end with that being said. */
export const federatedCalls = {
  joinFederation: [
    {
      args: () => [
        {
          server: "http://127.0.0.1:1",
          encoder: new Encoder(),
          TextClassifier,
          examples: [example("good"), example("bad")],
          validation: [example("good")],
          adapter: "shared",
          maxSteps: 5,
          stay: false,
          patience: 0.01,
          signal: new AbortController().signal,
          onEvent: () => undefined,
        },
      ],
      run: (_, options) => joinFederation(brief(options)),
    },
    {
      args: () => [
        {
          server: "http://127.0.0.1:1",
          job: { task: "regress", data: "/absent.csv", model: "/absent" },
          sources: localSources,
          worker: undefined,
          onWarning: () => undefined,
          rootCertificates: undefined,
          maxSteps: 5,
          stay: false,
          patience: 0.01,
          signal: new AbortController().signal,
        },
      ],
      run: (_, options) => joinFederation(brief(options)),
    },
  ],
  createNodeKey: [{ args: () => [], run: () => createNodeKey() }],
} satisfies Record<string, Call[]>;
