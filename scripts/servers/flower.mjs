import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { root } from "../setup/paths.mjs";
import { freePort } from "./free-port.mjs";

/** Where the set-up puts Flower, in a Python environment of its own. */
export const flowerFolder = join(root, ".cache/flower");

const bin = () => process.env.FLOWER_BIN || join(flowerFolder, "bin");

export const hasFlower = () => existsSync(join(bin(), "flower-superlink"));

/** A key and a certificate for 127.0.0.1, by the library that Flower itself has. */
const CERTIFICATE = `
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
now = datetime.datetime.now(datetime.timezone.utc)
builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
builder = builder.serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
open("tls.crt", "wb").write(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
pem = serialization.PrivateFormat.PKCS8
open("tls.key", "wb").write(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
`;

/** A SuperLink on a port of its own, which runs ServerApps in processes of its own. */
export class Flower {
  /** @type {import("node:child_process").ChildProcess} */
  process;

  constructor(folder, port, secure) {
    this.folder = folder;
    this.port = port;
    this.secure = secure;
    this.address = `${secure ? "https" : "http"}://127.0.0.1:${port}`;
  }

  /** @param secure with TLS, and only nodes whose keys were registered */
  static async start({ secure = false } = {}) {
    const flower = new Flower(await mkdtemp(join(tmpdir(), "lowrank-flower-")), await freePort(), secure);
    await flower.run();
    return flower;
  }

  /** No news from elsewhere, and nothing kept beside what it is given. */
  get environment() {
    const path = `${bin()}:${process.env.PATH}`;
    return { ...process.env, FLWR_HOME: this.folder, FLWR_TELEMETRY_ENABLED: "0", PYTHONUNBUFFERED: "1", PATH: path };
  }

  async run() {
    const { folder, port, secure } = this;
    const trust = secure ? `root-certificates = "${join(folder, "tls.crt")}"` : "insecure = true";
    const here = `[superlink]\ndefault = "here"\n[superlink.here]\naddress = "127.0.0.1:${port}"\n${trust}\n`;
    await writeFile(join(folder, "config.toml"), here);
    if (secure) execFileSync(join(bin(), "python"), ["-c", CERTIFICATE], { cwd: folder });
    const tls = ["--ssl-certfile", "tls.crt", "--ssl-keyfile", "tls.key", "--ssl-ca-certfile", "tls.crt"];
    // What apps depend on is there: else each run would fetch it anew.
    const installed = "--disable-runtime-dependency-installation";
    const how = secure ? [...tls, "--enable-supernode-auth"] : ["--insecure"];
    const log = openSync(join(folder, "log"), "a");
    const before = this.log().length;
    // In a group of its own: with it end the ServerApps.
    const options = { cwd: folder, env: this.environment, stdio: ["ignore", log, log], detached: true };
    this.process = spawn(
      join(bin(), "flower-superlink"),
      [...how, installed, "--host", "127.0.0.1", "--port", String(port)],
      options,
    );
    closeSync(log);
    for (let waited = 0; !this.log().slice(before).includes("Uvicorn running"); waited += 100) {
      if (waited > 90_000 || this.process.exitCode !== null)
        throw new Error(`no SuperLink on port ${port}: ${this.log()}`);
      await sleep(100);
    }
  }

  /** All that server and ServerApps have said. */
  log() {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  get certificate() {
    return readFileSync(join(this.folder, "tls.crt"), "utf8");
  }

  /** Begins a run of an app. */
  async start(app) {
    await this.flwr("run", app, "here");
  }

  /** Lets a node in, by its public key. */
  async register(publicKey) {
    const file = join(this.folder, "node.pub");
    await writeFile(file, publicKey);
    await this.flwr("supernode", "register", file, "here");
  }

  async flwr(...args) {
    await promisify(execFile)(join(bin(), "flwr"), args, { cwd: this.folder, env: this.environment });
  }

  /** Ends the server and its ServerApps at once, as a power cut does. Nothing is kept but what apps have saved. */
  kill() {
    const { pid, exitCode, signalCode } = this.process;
    if (exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
  }

  /** Starts the server at the same address again, after `kill`. */
  async restart() {
    await this.ended();
    await this.run();
  }

  async ended() {
    const { exitCode, signalCode } = this.process;
    if (exitCode === null && signalCode === null) await once(this.process, "exit");
  }

  async stop() {
    this.kill();
    await this.ended();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
