/** What the core of a node is made of. */
import type { CoreDependencies } from '../core/dependencies.ts'
import { openKeyRing } from '../core/key-ring.ts'
import { openWrappedKeys } from '../core/wrapped-keys.ts'
import { isAlive, isRemovedKey } from '../verifier/alive.ts'
import { fingerprint } from '../verifier/fingerprint.ts'
import { ProofGate } from '../verifier/proof-gate.ts'
import { foreignFacts } from '../verifier/token-facts.ts'
import { createTokenVerifier, type TokenVerifierOptions } from '../verifier/token-verifier.ts'
import type { Store } from '../ports/store.ts'
import type { Config } from './config.ts'
import { confirmEverywhere } from './confirmation.ts'
import type { OpenedIssuers } from './issuers.ts'
import { readEncryptionKeys } from './key-encryption.ts'
import type { Metrics } from './metrics.ts'
import type { NodeLags } from './node-lags.ts'
import type { Readiness } from './readiness.ts'
import type { Timekeeper } from './timekeeper.ts'
import type { Verification } from './verification.ts'
import type { World } from './world.ts'

/** Tokens whose signature this node need not check again. */
const VERIFIED_TOKENS = 50_000

export interface Needed {
  readonly store: Store
  readonly readiness: Pick<Readiness, 'isCurrent'>
  readonly verification: Verification
  readonly nodeLags: NodeLags | undefined
  readonly issuers: OpenedIssuers
  readonly receivers: CoreDependencies['receivers']
  readonly metrics: Pick<Metrics, 'observeConfirmation'>
  readonly config: Config
  readonly time: Timekeeper
  readonly world: World
}

/** What the verbs of a node need: its store, its keys, and its replica to judge tokens by. */
export async function openDependencies({
  store,
  readiness,
  verification: { replica, hub },
  nodeLags,
  issuers,
  receivers,
  metrics,
  config,
  time,
  world: { clock, random, log, otpSender },
}: Needed): Promise<CoreDependencies> {
  const keys = await openKeyRing({
    store: await openWrappedKeys(store, await readEncryptionKeys(config)),
    clock,
    random,
    algorithm: config.signingAlgorithm,
    trustedMs: () => time.trustedMs(),
    isRemoved: (kid) => {
      const { high, low } = fingerprint('signing_key', kid)
      return isRemovedKey(replica, high, low)
    },
  })
  const rules: TokenVerifierOptions = {
    replica,
    keys: keys.find,
    issuer: () => config.issuer,
    nowMs: () => time.nowMs(),
    overMs: () => replica.overSeconds * 1000,
    isCurrent: readiness.isCurrent,
    capacity: VERIFIED_TOKENS,
  }
  const verifier = createTokenVerifier(rules)
  return {
    store,
    clock,
    random,
    log,
    keys,
    verifier,
    anyVerifier: issuers.verifierOf(rules, verifier),
    proofs: new ProofGate(() => time.nowMs()),
    issuers: issuers.terms,
    receivers,
    isForeignAlive: (names) => isAlive(replica, foreignFacts(names)),
    confirmation: confirmEverywhere(hub, nodeLags, clock, metrics),
    otpSender,
    time,
    clockRefusal: () => time.refusal(),
    issuer: config.issuer,
    audiences: config.audiences,
    passwordCost: config.passwordCost,
  }
}
