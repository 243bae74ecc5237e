import { expect, it } from "vitest";
import { readFields } from "../../ts/serve/request-fields.js";

const MOST = 100_000;

/** A request whose body comes in pieces of these lengths, in turn. */
function request(body: string, lengths: readonly number[]): Request {
  const bytes = new TextEncoder().encode(body);
  let [place, turn] = [0, 0];
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const end = place + lengths[turn++ % lengths.length]!;
    controller.enqueue(bytes.slice(place, end));
    place = end;
    if (place >= bytes.length) controller.close();
  };
  return new Request("http://localhost", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new ReadableStream({ pull }),
    duplex: "half",
  } as RequestInit);
}

/** Never settles, and counts what waits for it. */
function never() {
  const gone = new Promise<never>(() => undefined);
  const counted = { gone, reactions: 0 };
  const then = gone.then.bind(gone);
  gone.then = ((...reactions: Parameters<typeof then>) => {
    counted.reactions++;
    return then(...reactions);
  }) as typeof then;
  return counted;
}

it("a body in pieces of any length is read whole, and no piece leaves anything on the promise that cancels", async () => {
  const text = "good film ".repeat(2000);
  for (const lengths of [[1], [1, 5000, 3], [7919], [MOST]]) {
    const counted = never();
    expect(await readFields(request(JSON.stringify({ text }), lengths), MOST, counted.gone)).toEqual({ text });
    expect(counted.reactions).toBe(1);
  }
});

it("a body is cancelled where it is too large, and where nobody waits for it", async () => {
  const text = "x".repeat(MOST);
  const large = readFields(request(JSON.stringify({ text }), [1000]), MOST, never().gone);
  await expect(large).rejects.toMatchObject({ code: "BODY_SIZE" });
  let cancelled = false;
  const silent = new ReadableStream({ cancel: () => void (cancelled = true) });
  const body = { method: "POST", headers: { "content-type": "application/json" }, body: silent, duplex: "half" };
  const left = readFields(new Request("http://localhost", body), MOST, Promise.reject(new Error("gone")));
  await expect(left).rejects.toMatchObject({ code: "ABORTED" });
  expect(cancelled).toBe(true);
});
