import { describe, expect, it } from "vitest";
import { LoggedRequest } from "../../../ts/serve/openai/request-log.js";
import { handled, labelOf, routeOf, type RouteTable } from "../../../ts/serve/openai/route-table.js";

const table: RouteTable = {
  "/health": { GET: () => new Response("well"), HEAD: () => new Response(null) },
  "/v1/models": { GET: () => new Response("all") },
  "/v1/models/{name}": { GET: ({ name }) => new Response(name) },
};

describe("a table of routes", () => {
  it("finds a path, and one with a name at its end", async () => {
    expect(routeOf(table, "/v1/models")).toEqual({ path: "/v1/models", name: "" });
    expect(routeOf(table, "/v1/models/a/b%20c")).toEqual({ path: "/v1/models/{name}", name: "a/b c" });
    expect(routeOf(table, "/v1/models/%zz")).toEqual({ path: "/v1/models/{name}", name: "%zz" });
    for (const other of ["/v1/models/", "/v1/model", "/v1", "/", "/health/x", "/__proto__", "/constructor"])
      expect(routeOf(table, other)).toBeNull();
    const logged = new LoggedRequest({ log: undefined, logTexts: false }, "GET", "other");
    const ask = (path: string, method = "GET") =>
      handled(table, new Request(`http://localhost${path}`, { method }), logged);
    expect(await (await ask("/v1/models/mine")).text()).toBe("mine");
    expect(await (await ask("/v1/models/{name}")).text()).toBe("{name}");
    await expect(ask("/nowhere")).rejects.toMatchObject({ status: 404, code: "unknown_url" });
    await expect(ask("/nowhere")).rejects.toThrow(/no GET \/nowhere here; GET \/openapi.json lists the addresses/);
    for (const [asked, meant] of [
      ["/models", "/v1/models"],
      ["/v1/v1/models", "/v1/models"],
      ["/v1/health", "/health"],
    ] as const)
      await expect(ask(asked)).rejects.toThrow(`there is ${meant}: a client's base address`);
    await expect(ask("/health", "POST")).rejects.toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  it("has few labels for metrics", () => {
    expect(["/v1/models", "/v1/models/{name}", "/health", undefined].map(labelOf)).toEqual([
      "models",
      "models",
      "health",
      "other",
    ]);
  });
});
