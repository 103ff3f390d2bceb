import type { ProofProblem } from '../protocol/dpop.ts'
import { unproven, withProof } from './bound-token.ts'
import type { TokenClaims } from './claims.ts'
import { ProofReader, type Proof, type ProofTerms } from './dpop-proof.ts'
import { ProofMemory } from './proof-memory.ts'
import { rejected, type Verdict } from './verdict.ts'

/** A request that shows a token with a proof of its key. */
export interface ProvenRequest extends Omit<ProofTerms, 'nowMs' | 'url'> {
  readonly token?: string
  /** The `DPoP` header; undefined where it has none. */
  readonly proof: string | undefined
  /** Undefined where it is not known how the client calls it: then no proof can be checked. */
  readonly url: string | undefined
}

/** Proofs that are remembered: 1,600 a second for the two minutes that one may be good. */
const PROOFS_REMEMBERED = 200_000

/**
 * Decides about tokens that come with a proof, in a node as in a guard. The proof is read first,
 * because that takes time; the token is judged after it, and at once the use of the proof is
 * noted.
 */
export class ProofGate {
  readonly #reader = new ProofReader()
  readonly #memory = new ProofMemory(PROOFS_REMEMBERED)
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  async read({ proof, url, ...terms }: ProvenRequest): Promise<Proof | ProofProblem> {
    if (url === undefined) return 'unchecked'
    if (proof === undefined) return 'missing'
    return this.#reader.read(proof, { ...terms, url, nowMs: this.#nowMs() })
  }

  /**
   * The verdict on a token that was shown with this proof.
   *
   * @param verdict On the token alone, of this moment.
   * @param isKnownUse True where this very request has used the proof already.
   */
  judge<Claims extends TokenClaims>(
    verdict: Verdict<Claims>,
    proof: Proof | ProofProblem,
    isKnownUse = false,
  ): Verdict<Claims> {
    // What is dead is dead, whatever the proof is.
    if (!verdict.ok && verdict.bound === undefined) return verdict
    if (typeof proof === 'string') return unproven(proof)
    const proven = withProof(verdict, proof.thumbprint)
    if (!proven.ok || isKnownUse) return proven
    const problem = this.#memory.use(proof, this.#nowMs())
    if (problem === undefined) return proven
    return problem === 'full' ? rejected.stale.verdict : unproven(problem)
  }
}
