/** DPoP (RFC 9449) on the wire: the scheme of a header, algorithms, and challenges. */

/** What a proof may be signed with: pairs of keys alone, and what every runtime has. */
export const dpopAlgorithms = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const

/** What is wrong with a proof, in words for the client that has made it. */
export const proofProblems = {
  missing: 'The token is bound to a key, and came without a proof',
  unchecked: 'The token is bound to a key, and proofs are not checked here',
  holder: 'The token is bound to another key',
  malformed: 'The proof is not one JWT',
  type: 'The proof is of another type',
  algorithm: 'The proof is signed with an algorithm that is not taken',
  key: 'The proof names no public key that is taken',
  signature: 'The signature of the proof is wrong',
  incomplete: 'The proof lacks a claim, or has one of another kind',
  method: 'The proof is for another method',
  url: 'The proof is for another URL',
  time: 'The proof was not made in this minute',
  token: 'The proof is for another token',
  nonce: 'The proof needs the nonce of this server',
  replayed: 'The proof was used before',
} as const

export type ProofProblem = keyof typeof proofProblems

/** The token of an `Authorization: DPoP …` header (section 7.1); undefined for any other. */
export function dpopToken(authorization: string | null | undefined): string | undefined {
  return /^DPoP +([\w.~+/-]+=*) *$/i.exec(authorization ?? '')?.[1]
}

/** What a challenge says. Each may stand between quotes. */
export interface ChallengeWords {
  readonly realm?: string
  readonly error?: 'invalid_token' | 'invalid_dpop_proof' | 'insufficient_scope'
  readonly description?: string
  readonly scope?: string
}

/** A challenge (RFC 6750, section 3); of DPoP with the algorithms that are taken (section 7.1). */
export function challenge(
  scheme: 'Bearer' | 'DPoP',
  { realm, error, description, scope }: ChallengeWords = {},
): string {
  const algs = scheme === 'DPoP' ? dpopAlgorithms.join(' ') : undefined
  const parameters = { realm, error, error_description: description, scope, algs }
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return `${scheme} ${given.map(([name, value]) => `${name}="${String(value)}"`).join(', ')}`.trim()
}

/**
 * The challenge for a bound token that came without the proof of its key (`invalid_token`, section
 * 7.2), or with one that is not good (`invalid_dpop_proof`).
 */
export function unprovenChallenge(proof: ProofProblem): ChallengeWords {
  const isOfToken = proof === 'missing' || proof === 'unchecked' || proof === 'holder'
  const error = isOfToken ? 'invalid_token' : 'invalid_dpop_proof'
  return { error, description: proofProblems[proof] }
}
