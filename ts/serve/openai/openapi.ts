import { VERSION } from "../../version.js";
import { optional } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import { type Endpoint, field } from "./endpoints/endpoint.js";
import { answer, boolean, integer, type JsonSchema, list, nullable, ref, string } from "./endpoints/json-schema.js";
import { generationEndpoints } from "./language-routes.js";
import type { RouteTable } from "./route-table.js";
import { textEndpoints } from "./text-routes.js";

/** Endpoints to which a body is sent, by path. */
const endpoints: Readonly<Record<string, Endpoint>> = {
  ...generationEndpoints,
  ...textEndpoints,
  "/v1/adapters": {
    summary: "Load an adapter",
    fields: { name: field(text, string), base: field(optional(text), string) },
    required: ["name"],
    schemas: { Model: answer({ id: string, object: { const: "model" }, created: integer(0), owned_by: string }) },
    answer: "Model",
  },
};

/** Summary of each method of the other paths, and the schema of its answer; null for none. */
const operations: Readonly<Record<string, readonly [summary: string, answer: string | null]>> = {
  "GET /health": ["Whether the server works", "Health"],
  "HEAD /health": ["Whether the server works", null],
  "GET /ready": ["Whether there is a place for another request", "Health"],
  "HEAD /ready": ["Whether there is a place for another request", null],
  "GET /metrics": ["Counters for Prometheus", null],
  "GET /openapi.json": ["This document", null],
  "GET /v1/models": ["The models and adapters that requests can name", "ModelList"],
  "GET /v1/models/{name}": ["One of them", "Model"],
  "DELETE /v1/adapters/{name}": ["Remove an adapter", "DeletedModel"],
};

/** Schemas of what these answer, by name. */
const schemas: Readonly<Record<string, JsonSchema>> = {
  Error: answer({
    error: answer({ message: string, type: string, param: nullable(string), code: nullable(string) }),
  }),
  Health: answer({
    status: { enum: ["ok", "busy", "stopping", "failed"] },
    running: integer(0),
    waiting: integer(0),
  }),
  ModelList: answer({ object: { const: "list" }, data: list(ref("Model")) }),
  DeletedModel: answer({ id: string, object: { const: "model" }, deleted: boolean }),
};

/** The body of a request. */
function bodyOf({ fields, required }: Endpoint): JsonSchema {
  const properties = Object.entries(fields).map(([name, { schema = {} }]) => {
    // Null is as a field that is not there.
    return [name, required.includes(name) ? schema : nullable(schema)];
  });
  return { type: "object", properties: Object.fromEntries(properties), required, additionalProperties: false };
}

const inJson = (schema: JsonSchema) => ({ "application/json": { schema } });

/** Events of streams: OpenAPI 3.1 describes their text alone. */
const stream = (event: string) => ({
  "text/event-stream": {
    schema: { type: "string", description: `with "stream": events whose data is a ${event}, then [DONE]` },
  },
});

function operationOf(path: string, method: string): object {
  const endpoint = method === "POST" ? endpoints[path] : undefined;
  const [summary, schema] =
    endpoint === undefined
      ? (operations[`${method} ${path}`] ?? [`${method} ${path}`, null])
      : [endpoint.summary, endpoint.answer];
  const event = endpoint?.event;
  const name = { name: "name", in: "path", required: true, schema: string };
  const content = { ...(schema === null ? {} : inJson(ref(schema))), ...(event === undefined ? {} : stream(event)) };
  return {
    operationId: [method.toLowerCase(), ...path.split(/\W+/).filter((word) => !/^(v1)?$/.test(word))].join("_"),
    summary,
    ...(path.endsWith("{name}") ? { parameters: [name] } : {}),
    ...(endpoint === undefined ? {} : { requestBody: { required: true, content: inJson(bodyOf(endpoint)) } }),
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
      schemas: Object.assign({ ...schemas }, ...Object.values(endpoints).map((endpoint) => endpoint.schemas)) as object,
      ...(keyed ? { securitySchemes: { key: { type: "http", scheme: "bearer" } } } : {}),
    },
  };
}
