/** A script URL that a Trusted Types policy has created: a `TrustedScriptURL`. */
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

/** The parts of a page or worker used here. A worker that was started by a one-line script has the policy from it. */
const scope = globalThis as { readonly trustedTypes?: PolicyFactory; lowrankPolicy?: Policy | undefined };

let policy: Policy | undefined;

/**
 * A URL of one of the package's own files, as Trusted Types require: created by a policy with the package's name. Unchanged without Trusted
 * Types, if the browser asks the page's default policy, or if the page does not allow that name.
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

/** A script that imports another, in a worker, which has the page's list of policies but not its objects. */
export const importing = (href: string): string =>
  `{const a=${JSON.stringify(href)};try{self.lowrankPolicy=trustedTypes.createPolicy("lowrank",{createScriptURL:a=>a})}catch{}` +
  `importScripts(self.lowrankPolicy?.createScriptURL(a)??a)}`;

/** `new Worker`; throws an `Error` with advice if Trusted Types forbid it. */
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
