import { isBuilt } from "../../wasm/build.mjs";
import { ask, debianPackages, findToolchain, target } from "../../wasm/toolchain.mjs";
import { variants } from "../../wasm/variants.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { run } from "../process.mjs";
import { SetupError } from "../report.mjs";

/** A Rust that compiles the chosen variants: the active one, else Debian's packages, else rustup's target. */
export function rustTarget(chosen) {
  const lacking = () => chosen.some((variant) => !isBuilt(variant) && findToolchain(variants[variant]) === null);
  return {
    title: `Rust's standard library for ${target}`,
    makes: "rust target",
    after: ["cargo"],
    uses: "network",
    seconds: 25,
    needed: lacking,
    async run() {
      if (canInstall()) await install(debianPackages);
      else if (ask("rustup", ["--version"]) !== "") {
        await run("rustup", ["target", "add", target]);
        // Threads need the standard library compiled anew.
        await run("rustup", ["component", "add", "rust-src"]);
      }
      if (!lacking()) return;
      const rustup = `rustup target add ${target} && rustup component add rust-src`;
      throw new SetupError(
        `no Rust compiler for ${target} was found`,
        `${rustup}\n  or on Debian: ${installCommand(debianPackages)}`,
      );
    },
  };
}
