// node load.mjs URL [--tenants 200] [--requests 5000] [--at-once 32]: asks each tenant alone first, then all in disorder, and
// compares to the bit. Exits with 1 where one answer is another.
import { parseArgs } from "node:util";
import { tenantName } from "./make-tenants.mjs";

const WORDS = "the film story music was is very quite good bad warm dull bright grim fine end start and it a".split(
  " ",
);

/** Texts of 1 to 24 words, by their number. */
export const textOf = (number) =>
  Array.from(
    { length: 1 + ((number * 7) % 24) },
    (_, i) => WORDS[(number * 31 + i * 17 + ((number * i) % 5)) % 20],
  ).join(" ");

/** What a request asks for, by its number: one to four texts of a tenant. */
function requestOf(number, tenants) {
  const tenant = (number * 7919 + Math.floor(number / tenants)) % tenants;
  const first = (tenant * 13 + number) % 5;
  return { tenant, texts: Array.from({ length: 1 + (number % 4) }, (_, i) => (first + i) % 8) };
}

/** `fetch`, once more where a connection that was kept had been closed by the other side: nothing that is asked here changes anything. */
export const send = (url, init) =>
  fetch(url, init).catch((error) => {
    if (error.cause?.code === "ECONNRESET" || error.cause?.code === "UND_ERR_SOCKET") return fetch(url, init);
    throw error;
  });

async function ask(url, tenant, texts) {
  const began = performance.now();
  const response = await send(`${url}/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ tenant: tenantName(tenant), texts }),
  });
  const body = await response.json();
  return { status: response.status, body, milliseconds: performance.now() - began };
}

/**
 * Thousands of requests of many tenants, so many at once. `expect`, where it is there, gives what a tenant's classifier says of
 * a text; otherwise the server's own answer to a request alone is what the others are compared with.
 */
export async function load(url, { tenants, requests, atOnce, expect, watch }) {
  const known = new Map();
  for (let tenant = 0; tenant < tenants; tenant++) {
    const texts = Array.from({ length: 8 }, (_, i) => textOf(tenant + i));
    const answers = expect === undefined ? await alone(url, tenant, texts) : await expect(tenant, texts);
    known.set(
      tenant,
      texts.map((_, i) => JSON.stringify(answers[i])),
    );
  }
  const times = [];
  const wrong = [];
  const refused = new Map();
  let next = 0;
  const client = async () => {
    while (next < requests) {
      const number = next++;
      const { tenant, texts } = requestOf(number, tenants);
      const { status, body, milliseconds } = await ask(
        url,
        tenant,
        texts.map((text) => textOf(tenant + text)),
      );
      if (status !== 200) refused.set(status, (refused.get(status) ?? 0) + 1);
      else {
        times.push(milliseconds);
        const right = texts.every((text, i) => known.get(tenant)[text] === JSON.stringify(body.predictions[i]));
        if (!right || body.tenant !== tenantName(tenant)) wrong.push({ number, tenant, body });
      }
      if (watch !== undefined && number % 500 === 0) await watch(number);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, client));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))];
  return { answered: times.length, wrong, refused, seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

async function alone(url, tenant, texts) {
  const { status, body } = await ask(url, tenant, texts);
  if (status === 200) return body.predictions;
  throw new Error(`${tenantName(tenant)}: ${status} ${JSON.stringify(body)}`);
}

if (process.argv[1] === import.meta.filename) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      tenants: { type: "string", default: "200" },
      requests: { type: "string", default: "5000" },
      "at-once": { type: "string", default: "32" },
    },
  });
  const [tenants, requests, atOnce] = [values.tenants, values.requests, values["at-once"]].map(Number);
  const result = await load(positionals[0], { tenants, requests, atOnce });
  const rate = (result.answered / result.seconds).toFixed(0);
  console.log(`${result.answered} answers, ${result.wrong.length} wrong, ${rate} a second`);
  console.log(`p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms`);
  for (const [status, count] of result.refused) console.log(`${count} with status ${status}`);
  process.exitCode = result.wrong.length > 0 || result.answered === 0 ? 1 : 0;
}
