/**
 * DPoP proofs (RFC 9449, section 4): JWTs that a client makes for one request each, signed with a
 * key of its own. Here is what one has to be; whether it came before is `proof-memory.ts`.
 */
import {
  base64url,
  calculateJwkThumbprint,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose'
import { RecentMap } from '../domain/recent-map.ts'
import { dpopAlgorithms, type ProofProblem } from '../protocol/dpop.ts'

/** By how much `iat` may be off, to either side. */
export const PROOF_SECONDS = 60

/** A 4096-bit key of RSA and its signature fit. Longer proofs are refused unread. */
const MAX_PROOF_CHARS = 4096
/** Base64url of 4096 bits: larger keys of RSA take long to verify with, and callers choose them. */
const MAX_MODULUS_CHARS = 683
const MAX_EXPONENT_CHARS = 4
const MAX_ID_CHARS = 256
const KEYS_REMEMBERED = 1000

/** What a proof is for. */
export interface ProofTerms {
  readonly method: string
  /** As its client calls it. */
  readonly url: string
  /** The access token that came with it; undefined at a token endpoint. */
  readonly token?: string
  readonly nowMs: number
}

/** A proof that is good, but may have been used before. */
export interface Proof {
  /** Of the key that it proves. */
  readonly thumbprint: string
  readonly id: string
  readonly madeAtSeconds: number
  readonly nonce?: string
}

interface ProofKey {
  readonly key: CryptoKey | Uint8Array
  readonly thumbprint: string
}

/** Checks proofs. It remembers keys, so that a client's next proof costs one signature. */
export class ProofReader {
  readonly #keys = new RecentMap<string, ProofKey>(KEYS_REMEMBERED)

  /**
   * Steps 1 to 9 and 11 to 12 of section 4.3; the nonce and the access token's key (10, 12b) are
   * compared by who calls.
   *
   * @param jwt The `DPoP` header; two of them are joined by a comma, which no JWT has.
   */
  async read(jwt: string, terms: ProofTerms): Promise<Proof | ProofProblem> {
    if (jwt.length > MAX_PROOF_CHARS) return 'malformed'
    const parts = partsOf(jwt)
    if (parts === undefined) return 'malformed'
    const { header, payload } = parts
    if (!isProofType(header['typ'])) return 'type'
    const alg = dpopAlgorithms.find((one) => one === header['alg'])
    if (alg === undefined) return 'algorithm'
    const wrong = wrongClaims(payload, terms)
    if (wrong !== undefined) return wrong
    if (terms.token !== undefined && payload['ath'] !== (await hashOf(terms.token))) return 'token'
    const key = await this.#keyOf(header['jwk'], alg)
    if (key === undefined) return 'key'
    const unsigned = await signatureProblem(jwt, key)
    if (unsigned !== undefined) return unsigned
    const { jti: id, iat: madeAtSeconds, nonce } = payload as unknown as Claims
    const { thumbprint } = key
    return { thumbprint, id, madeAtSeconds, ...(nonce === undefined ? {} : { nonce }) }
  }

  async #keyOf(jwk: unknown, alg: string): Promise<ProofKey | undefined> {
    const bare = publicPartOf(jwk)
    if (bare === undefined) return undefined
    const name = `${alg} ${JSON.stringify(bare)}`
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    try {
      const made = {
        key: await importJWK(bare, alg),
        thumbprint: await calculateJwkThumbprint(bare),
      }
      this.#keys.set(name, made)
      return made
    } catch {
      return undefined
    }
  }
}

interface Claims {
  readonly jti: string
  readonly iat: number
  readonly nonce?: string
}

interface Parts {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

function partsOf(jwt: string): Parts | undefined {
  try {
    return { header: { ...decodeProtectedHeader(jwt) }, payload: decodeJwt(jwt) }
  } catch {
    return undefined
  }
}

function isProofType(typ: unknown): boolean {
  return typeof typ === 'string' && /^(?:application\/)?dpop\+jwt$/i.test(typ)
}

/** What a proof says of its request and its time; the signature is judged after it. */
function wrongClaims(
  { jti, htm, htu, iat, nonce }: Parts['payload'],
  { method, url, nowMs }: ProofTerms,
): ProofProblem | undefined {
  const isId = typeof jti === 'string' && jti !== '' && jti.length <= MAX_ID_CHARS
  const isTexts = typeof htm === 'string' && typeof htu === 'string'
  if (!isId || !isTexts || typeof iat !== 'number' || !Number.isFinite(iat)) return 'incomplete'
  // A nonce that is not a string would otherwise skip the check.
  if (nonce !== undefined && typeof nonce !== 'string') return 'incomplete'
  if (htm !== method) return 'method'
  const wanted = normalUrl(url)
  if (wanted === undefined || normalUrl(htu) !== wanted) return 'url'
  return Math.abs(iat - nowMs / 1000) > PROOF_SECONDS ? 'time' : undefined
}

/**
 * A URL without query and fragment, in the form by which equal ones are the same text (RFC 3986,
 * sections 6.2.2 and 6.2.3).
 */
function normalUrl(text: string): string | undefined {
  // Node 20 has no `URL.parse`.
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  if (!isWeb || url.username !== '' || url.password !== '') return undefined
  const path = url.pathname.replaceAll(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
  })
  return url.origin + path
}

async function hashOf(token: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return base64url.encode(new Uint8Array(bytes))
}

const publicMembers = new Map<unknown, readonly string[]>([
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
  ['RSA', ['n', 'e']],
])
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The members that make a public key; undefined for anything else. */
function publicPartOf(jwk: unknown): JWK | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const given = jwk as Readonly<Record<string, unknown>>
  const members = publicMembers.get(given['kty'])
  if (members === undefined || privateMembers.some((name) => name in given)) return undefined
  if (members.some((name) => typeof given[name] !== 'string')) return undefined
  const { n = '', e = '' } = given as { readonly n?: string; readonly e?: string }
  if (n.length > MAX_MODULUS_CHARS || e.length > MAX_EXPONENT_CHARS) return undefined
  return Object.fromEntries(['kty', ...members].map((name) => [name, given[name]])) as JWK
}

async function signatureProblem(jwt: string, { key }: ProofKey): Promise<ProofProblem | undefined> {
  try {
    await compactVerify(jwt, key, { algorithms: [...dpopAlgorithms] })
    return undefined
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
    // A key of RSA that is too short, or a header that says more than is understood.
    return error instanceof errors.JOSEError ? 'malformed' : 'key'
  }
}
