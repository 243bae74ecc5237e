import { VERSION } from "../../../version.js";
import { chatFields, completionFields, generationFields } from "../generation-fields.js";
import { responseFields } from "../responses/response-fields.js";
import type { RouteTable } from "../route-table.js";
import { classifyFields, embeddingFields, rerankFields } from "../text-fields.js";
import { answerSchemas } from "./answer-schemas.js";
import {
  chatSchemas,
  classifySchemas,
  completionSchemas,
  embeddingSchemas,
  generationSchemas,
  rerankSchemas,
  responseSchemas,
} from "./field-schemas.js";
import { type JsonSchema, nullable, ref, string } from "./json-schema.js";

/** The fields of a request: those that its check knows, with their schemas. */
function bodyOf(
  fields: readonly object[],
  schemas: readonly Readonly<Record<string, JsonSchema>>[],
  ...required: readonly string[]
): JsonSchema {
  const known: Readonly<Record<string, JsonSchema>> = Object.assign({}, ...schemas);
  const names = Object.keys(Object.assign({}, ...fields));
  const properties = names.map((name) => {
    const schema = known[name] ?? {};
    // Null is as a field that is not there.
    return [name, required.includes(name) ? schema : nullable(schema)];
  });
  return { type: "object", properties: Object.fromEntries(properties), required, additionalProperties: false };
}

/** Bodies of requests by path. */
const bodies: Readonly<Record<string, () => JsonSchema>> = {
  "/v1/chat/completions": () =>
    bodyOf([generationFields, chatFields], [generationSchemas, chatSchemas], "model", "messages"),
  "/v1/completions": () =>
    bodyOf([generationFields, completionFields], [generationSchemas, completionSchemas], "model", "prompt"),
  "/v1/responses": () => bodyOf([responseFields], [generationSchemas, responseSchemas], "model", "input"),
  "/v1/adapters": () => bodyOf([{ name: 0, base: 0 }], [{ name: string, base: string }], "name"),
  "/v1/embeddings": () => bodyOf([embeddingFields], [embeddingSchemas], "model", "input"),
  "/v1/rerank": () => bodyOf([rerankFields], [rerankSchemas], "query", "documents"),
  "/v2/rerank": () => bodyOf([rerankFields], [rerankSchemas], "query", "documents"),
  "/v1/classify": () => bodyOf([classifyFields], [classifySchemas]),
};

/** Summary of each method of a path, and the schema of its answer; null for none. */
const operations: Readonly<Record<string, readonly [summary: string, answer: string | null, event?: string]>> = {
  "GET /health": ["Whether the server works", "Health"],
  "HEAD /health": ["Whether the server works", null],
  "GET /ready": ["Whether there is a place for another request", "Health"],
  "HEAD /ready": ["Whether there is a place for another request", null],
  "GET /metrics": ["Counters for Prometheus", null],
  "GET /openapi.json": ["This document", null],
  "GET /v1/models": ["The models and adapters that requests can name", "ModelList"],
  "GET /v1/models/{name}": ["One of them", "Model"],
  "POST /v1/adapters": ["Load an adapter", "Model"],
  "DELETE /v1/adapters/{name}": ["Remove an adapter", "DeletedModel"],
  "POST /v1/chat/completions": ["The next message of a conversation", "ChatCompletion", "ChatCompletionChunk"],
  "POST /v1/responses": ["The same in the newer form, without anything stored", "Response", "ResponseEvent"],
  "POST /v1/embeddings": ["Vectors of texts", "EmbeddingList"],
  "POST /v1/rerank": ["Texts by their relevance to a query", "Reranking"],
  "POST /v2/rerank": ["The same, at the address of Cohere's newer clients", "Reranking"],
  "POST /v1/classify": ["Labels of texts", "Classification"],
  "POST /v1/completions": ["The continuation of a text", "Completion", "Completion"],
};

const inJson = (schema: JsonSchema) => ({ "application/json": { schema } });

/** Events of streams: OpenAPI 3.1 describes their text alone. */
const stream = (event: string) => ({
  "text/event-stream": {
    schema: { type: "string", description: `with "stream": events whose data is a ${event}, then [DONE]` },
  },
});

function operationOf(path: string, method: string): object {
  const [summary, schema, event] = operations[`${method} ${path}`] ?? [`${method} ${path}`, null];
  const name = { name: "name", in: "path", required: true, schema: string };
  const content = { ...(schema === null ? {} : inJson(ref(schema))), ...(event === undefined ? {} : stream(event)) };
  const body = bodies[path]?.();
  return {
    operationId: [method.toLowerCase(), ...path.split(/\W+/).filter((word) => !/^(v1)?$/.test(word))].join("_"),
    summary,
    ...(path.endsWith("{name}") ? { parameters: [name] } : {}),
    ...(body === undefined || method !== "POST" ? {} : { requestBody: { required: true, content: inJson(body) } }),
    responses: {
      200: { description: "The answer", content },
      default: { description: "An error", content: inJson(ref("Error")) },
    },
  };
}

/**
 * The OpenAPI document of a server.
 *
 * @param table the server's paths and methods
 * @param open paths that need no key
 * @param keyed whether others do
 */
export function openApiDocument(table: RouteTable, open: readonly string[], keyed: boolean): object {
  const paths = Object.entries(table).map(([path, methods]) => {
    const security = !keyed || open.includes(path) ? {} : { security: [{ key: [] }] };
    const described = Object.keys(methods).map((method) => [
      method.toLowerCase(),
      { ...operationOf(path, method), ...security },
    ]);
    return [path, Object.fromEntries(described)];
  });
  return {
    openapi: "3.1.0",
    info: { title: "lowrank", version: VERSION, description: "Models and adapters in the form of OpenAI's API" },
    paths: Object.fromEntries(paths),
    components: {
      schemas: answerSchemas,
      ...(keyed ? { securitySchemes: { key: { type: "http", scheme: "bearer" } } } : {}),
    },
  };
}
