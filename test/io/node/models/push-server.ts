import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A hub on this machine that takes commits. */
export interface PushServer {
  readonly url: string;
  /** Repositories: their files by branch, and whether they are private. */
  readonly repositories: Map<string, { isPrivate: boolean | null; branches: Map<string, Map<string, Uint8Array>> }>;
  /** Messages of the commits. */
  readonly commits: string[];
  /** Requests as "METHOD /path". */
  readonly requests: string[];
  /** Answers with this status to the first request whose path fits. */
  refuse: { readonly path: RegExp; readonly status: number } | null;
  /** Called before an upload is answered. */
  onUpload: (() => void) | null;
}

type Answer = (status: number, body?: object) => void;

/** Serves the calls of a Hugging Face hub that an upload makes, with its statuses: large files go to another address first. */
export async function pushServer(token: string): Promise<PushServer> {
  const hub: { -readonly [K in keyof PushServer]: PushServer[K] } = {
    url: "",
    repositories: new Map(),
    commits: [],
    requests: [],
    refuse: null,
    onUpload: null,
  };
  const large = new Map<string, Uint8Array>();

  const handle = (method: string, path: string, body: Buffer, answer: Answer): void => {
    const json = () => JSON.parse(body.toString()) as unknown;
    const upload = /^\/upload\/([0-9a-f]{64})$/.exec(path);
    if (upload !== null) {
      const [, oid] = upload as unknown as [string, string];
      if (createHash("sha256").update(body).digest("hex") !== oid) return answer(400, { error: "other bytes" });
      large.set(oid, body);
      hub.onUpload?.();
      return answer(200);
    }
    if (path === "/api/repos/create") {
      const { organization, name, visibility } = json() as { organization: string; name: string; visibility?: string };
      const repository = `${organization}/${name}`;
      if (hub.repositories.has(repository)) return answer(409, { error: "it is there" });
      const isPrivate = visibility === undefined ? null : visibility === "private";
      hub.repositories.set(repository, { isPrivate, branches: new Map([["main", new Map()]]) });
      return answer(200, { url: `${hub.url}/${repository}`, id: repository });
    }
    const [, repository, rest = ""] =
      /^\/api\/models\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? /^\/([^/]+\/[^/]+)\.git(\/.*)$/.exec(path) ?? [];
    const found = hub.repositories.get(repository ?? "");
    if (found === undefined) return answer(404, { error: "Repository not found" });
    if (rest === "" && method === "GET") return answer(200, { id: repository });
    const [, call, branch = ""] = /^\/(preupload|commit|branch)\/(.+)$/.exec(rest) ?? [];
    if (call === "branch") {
      if (found.branches.has(branch)) return answer(409, { error: "it is there" });
      found.branches.set(branch, new Map(found.branches.get("main")));
      return answer(200);
    }
    if (rest === "/info/lfs/objects/batch") {
      const { objects } = json() as { objects: { oid: string; size: number }[] };
      const made = objects.map(({ oid, size }) => ({
        oid,
        size,
        ...(!large.has(oid) && { actions: { upload: { href: `${hub.url}/upload/${oid}` } } }),
      }));
      return answer(200, { transfer: "basic", objects: made });
    }
    const files = found.branches.get(branch);
    if (files === undefined) return answer(404, { error: "Revision not found" });
    if (call === "preupload") {
      const { files: asked } = json() as { files: { path: string }[] };
      const mode = (name: string) => (name.endsWith(".safetensors") ? "lfs" : "regular");
      return answer(200, { files: asked.map(({ path: name }) => ({ path: name, uploadMode: mode(name) })) });
    }
    for (const line of body.toString().split("\n")) {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> };
      if (key === "header") hub.commits.push(value["summary"]!);
      else if (key === "lfsFile") files.set(value["path"]!, large.get(value["oid"]!)!);
      else files.set(value["path"]!, Buffer.from(value["content"]!, "base64"));
    }
    return answer(200, { success: true, commitOid: "c0ffee", commitUrl: `${hub.url}/${repository}/commit/c0ffee` });
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const answer: Answer = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body ?? {}));
    };
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const path = decodeURIComponent(request.url!);
      hub.requests.push(`${request.method} ${path}`);
      if (hub.refuse?.path.test(path)) return answer(hub.refuse.status, { error: "the hub says no" });
      const isStorage = path.startsWith("/upload/");
      if (!isStorage && request.headers.authorization !== `Bearer ${token}`)
        return answer(401, { error: "Unauthorized" });
      handle(request.method!, path, Buffer.concat(parts), answer);
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}
