import { expect, it } from "vitest";
import { isLoopback } from "../../ts/io/node/loopback.js";
import { isAllowedHost } from "../../ts/serve/openai/access.js";

it("addresses, localhost and the names of a server are its own", () => {
  for (const host of [
    "localhost",
    "LocalHost:8080",
    "a.localhost:80",
    "127.0.0.1:80",
    "127.0.0.5",
    "192.168.1.4:1",
    "[::1]",
    "[::1]:8080",
    "[::ffff:127.0.0.1]",
    "models.example.org",
    "Models.Example.ORG:8080",
  ])
    expect([host, isAllowedHost(host, ["models.example.org"])]).toEqual([host, true]);
});

it("other names are not", () => {
  for (const host of [
    "",
    ":80",
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "a:b:1",
    "models.example.org.evil.example",
    "evil.models.example.org",
    "localhost, evil.example",
    "evil.example#.localhost",
    "::1",
    "[::1",
    "[evil.example]",
    "notlocalhost",
    ".localhost",
    "1.2.3",
    "1.2.3.4.5",
  ])
    expect([host, isAllowedHost(host, ["models.example.org"])]).toEqual([host, false]);
});

it("knows what is reached from this machine alone, however it is written", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"])
    expect([address, isLoopback(address)]).toEqual([address, true]);
  for (const address of ["0.0.0.0", "::", "192.168.1.4", "1::1", "localhost.example", "::ffff:192.168.1.4"])
    expect([address, isLoopback(address)]).toEqual([address, false]);
});
