// OPENAI_BASE_URL=http://127.0.0.1:8080/v1 OPENAI_API_KEY=… node main.mjs [messages.txt]: sorts a shop's messages with the package `openai`
// and a server of its API, and writes an answer to the first urgent one.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const file = process.argv[2] ?? new URL("messages.txt", import.meta.url);
const messages = readFileSync(file, "utf8").split("\n").filter(Boolean);

// The address and the key come from the environment; a server without a key takes any.
const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? "none" });
// An adapter's name, or by default the base model's, which is listed first.
const model = process.env.MODEL ?? (await client.models.list()).data[0].id;

const schema = {
  type: "object",
  properties: {
    topic: { enum: ["delivery", "payment", "account", "praise"] },
    urgent: { type: "boolean" },
  },
  required: ["topic", "urgent"],
  additionalProperties: false,
};

/** The answer is JSON of the schema, whatever the model would say by itself. */
async function sorted(message) {
  const { choices } = await client.chat.completions.create({
    model,
    messages: [
      { role: "system", content: "Sort the customer's message by topic and urgency, as JSON." },
      { role: "user", content: message },
    ],
    response_format: { type: "json_schema", json_schema: { name: "message", schema } },
    temperature: 0,
    max_tokens: 40,
  });
  return { message, ...JSON.parse(choices[0].message.content) };
}

// All at once: the server generates them together, and reads their system message once.
const all = await Promise.all(messages.map(sorted));
console.table(all);

const first = all.find(({ urgent }) => urgent) ?? all[0];
const stream = await client.chat.completions.create({
  model,
  messages: [{ role: "user", content: `Write one friendly sentence in answer to: ${first.message}` }],
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0,
  max_tokens: 60,
});
for await (const { choices, usage } of stream) {
  process.stdout.write(choices[0]?.delta.content ?? "");
  if (usage) console.log(`\n(${usage.completion_tokens} tokens)`);
}
