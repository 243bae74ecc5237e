import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What goes wrong with a request: it never arrives; its answer is lost, and what it asked for is done; the answer breaks off in the
 * middle; the server has too much to do; nothing.
 */
export type Fault = "refused" | "lost" | "cut" | "busy" | null;

/** Stands before a server, and lets requests fail. */
export class FlakyServer {
  /** Asked for each request; the first of them is number 1. */
  fault: (asked: { readonly method: string; readonly path: string; readonly number: number }) => Fault = () => null;
  /** Every request that came, with its range. */
  readonly asked: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  static async before(target: string): Promise<FlakyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const flaky = new FlakyServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (asked: IncomingMessage, answer: ServerResponse) => flaky.pass(target, asked, answer));
    return flaky;
  }

  private pass(target: string, asked: IncomingMessage, answer: ServerResponse): void {
    const [method, path] = [asked.method!, asked.url!];
    this.asked.push(`${method} ${path} ${asked.headers.range ?? ""}`.trimEnd());
    const fault = this.fault({ method, path, number: this.asked.length });
    if (fault === "refused") return void asked.socket.destroy();
    if (fault === "busy") return void answer.writeHead(503).end();
    const onward = request(`${target}${path}`, { method, headers: asked.headers }, (found) => {
      const chunks: Buffer[] = [];
      found.on("data", (chunk: Buffer) => chunks.push(chunk));
      found.on("end", () => {
        const body = Buffer.concat(chunks);
        if (fault === "lost") return void asked.socket.destroy();
        answer.writeHead(found.statusCode!, found.headers);
        if (fault !== "cut") return void answer.end(body);
        answer.write(body.subarray(0, Math.ceil(body.length / 2)), () => asked.socket.destroy());
      });
    });
    asked.pipe(onward);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
