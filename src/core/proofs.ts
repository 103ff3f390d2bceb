/** Proofs of keys (DPoP, RFC 9449): where tokens are shown, and where they are issued. */
import type { ProofProblem } from '../protocol/dpop.ts'
import type { AccessClaims, TokenClaims } from '../verifier/claims.ts'
import { PROOF_SECONDS, type Proof } from '../verifier/dpop-proof.ts'
import type { ProvenRequest } from '../verifier/proof-gate.ts'
import type { TokenVerifier } from '../verifier/token-verifier.ts'
import type { Verdict } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest } from './handles.ts'
import { isServerNonce, issueNonce } from './server-nonce.ts'

/** A token as a request to this server shows it. */
export interface ShownToken {
  /** The JWT; undefined where there was no credential at all. */
  readonly token: string | undefined
  /** What came with it as `Authorization: DPoP` (RFC 9449). Undefined: it was shown alone. */
  readonly proven?: Omit<ProvenRequest, 'token'>
}

/** A proof that came without an access token. */
export interface ProofUse extends Omit<ProvenRequest, 'token'> {
  /** Whether it must carry a nonce of this server. One that it carries must be good in any case. */
  readonly needsNonce: boolean
}

export interface Proofs {
  /** As `check`, for a token that may have come with a proof of its key. */
  check(shown: ShownToken, audience?: string): Promise<Verdict>
  /** The same for tokens of this server alone. */
  verify(shown: ShownToken, audience?: string): Promise<Verdict<AccessClaims>>
  /**
   * Uses a proof where tokens are issued. That it was not used before the store says, so it is true
   * at every node.
   *
   * @returns The proof, or what is wrong with it.
   * @throws {Refusal} `store_unavailable`.
   */
  use(use: ProofUse): Promise<Proof | ProofProblem>
  /** A nonce for the proofs of this minute. */
  nonce(): Promise<string>
}

export function proofVerbs(dependencies: CoreDependencies): Proofs {
  const { verifier, anyVerifier, proofs } = dependencies
  return {
    check: (shown, audience) => judge(anyVerifier, proofs, shown, audience),
    verify: (shown, audience) => judge(verifier, proofs, shown, audience),
    use: (request) => use(dependencies, request),
    nonce: () => issueNonce(dependencies),
  }
}

async function judge<Claims extends TokenClaims>(
  verifier: TokenVerifier<Claims>,
  proofs: CoreDependencies['proofs'],
  { token, proven }: ShownToken,
  audience: string | undefined,
): Promise<Verdict<Claims>> {
  if (proven === undefined) return verifier.verify(token, audience)
  const proof = await proofs.read({ ...proven, ...(token === undefined ? {} : { token }) })
  return proofs.judge(await verifier.verify(token, audience), proof)
}

async function use(
  dependencies: CoreDependencies,
  { needsNonce, ...request }: ProofUse,
): Promise<Proof | ProofProblem> {
  const { proofs, store, clock } = dependencies
  const proof = await proofs.read(request)
  if (typeof proof === 'string') return proof
  const { thumbprint, id, madeAtSeconds, nonce } = proof
  if (nonce === undefined ? needsNonce : !(await isServerNonce(dependencies, nonce))) return 'nonce'
  const ticket = {
    kind: 'dpop-proof',
    key: digest(`${thumbprint} ${id}`),
    value: '',
    // A moment longer than it may be good.
    expiresAtMs: Math.ceil(madeAtSeconds + PROOF_SECONDS + 1) * 1000,
  }
  return (await store.addTicket(ticket, clock.nowMs())) ? proof : 'replayed'
}
