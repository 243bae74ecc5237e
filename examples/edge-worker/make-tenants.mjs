// Classifiers of many tenants with random values, made in a moment: to see what a server of them takes.
import { TextClassifier } from "lowrank";

const LABELS = ["good", "bad", "neither"];

/** Numbers from -0.5 to 0.5 that a seed decides (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}

/**
 * Files of a classifier of rank 8 on query, key and value, by its number.
 *
 * @param {import("lowrank").SentenceEncoder} encoder
 * @param {number} number
 */
export function randomClassifier(encoder, number) {
  const { graph } = encoder;
  const classifier = TextClassifier.create(encoder, { labels: LABELS, adapter: `made ${number}` });
  try {
    const next = random(number + 1);
    for (const param of classifier.params()) {
      const { shape, data } = graph.value(param);
      graph.setValue(param, { shape, data: data.map(() => 0.2 * next()) });
    }
    return classifier.save();
  } finally {
    classifier.dispose();
  }
}

/** Tenants are called `tenant-0` and so on; each has one version. */
export const tenantName = (number) => `tenant-${number}`;
export const VERSION = "v1";
