/** The address of a script that a policy of Trusted Types has let pass: a `TrustedScriptURL`. */
export interface TrustedAddress {
  /** The address. */
  toJSON(): string;
}

interface Policy {
  createScriptURL(address: string): TrustedAddress;
}
interface PolicyFactory {
  readonly defaultPolicy?: Policy | null;
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): Policy;
}

/** What is read of a page or worker. A worker that a script of a line has started has the policy from that. */
const scope = globalThis as { readonly trustedTypes?: PolicyFactory; lowrankPolicy?: Policy | undefined };

let policy: Policy | undefined;

/**
 * An address that the package itself has found, of its own files and no other, as Trusted Types want it: by a policy of the package's
 * name. As it is where there are none, where the browser asks the page's default policy, or the page's list lacks that name.
 */
export function ownAddress(href: string): string | TrustedAddress {
  const { trustedTypes, lowrankPolicy } = scope;
  if (!trustedTypes || trustedTypes.defaultPolicy) return href;
  try {
    policy ??= lowrankPolicy ?? trustedTypes.createPolicy("lowrank", { createScriptURL: (address) => address });
    return policy.createScriptURL(href);
  } catch {
    return href;
  }
}

/** A script that asks for another, in a worker, which has the page's list of policies but not what those have let pass. */
export const importing = (href: string): string =>
  `{const a=${JSON.stringify(href)};try{self.lowrankPolicy=trustedTypes.createPolicy("lowrank",{createScriptURL:a=>a})}catch{}` +
  `importScripts(self.lowrankPolicy?.createScriptURL(a)??a)}`;

/** `new Worker`; throws an `Error` that says what to do where Trusted Types let no text pass. */
export function newWorker(address: string | TrustedAddress, options?: WorkerOptions): Worker {
  try {
    return new Worker(address as string, options);
  } catch (cause) {
    if (!scope.trustedTypes || !(cause instanceof TypeError)) throw cause;
    const message =
      'Trusted Types forbid it: let trusted-types allow the policy "lowrank", or give a TrustedScriptURL or a Worker of your own';
    throw new Error(message, { cause });
  }
}
