/**
 * Token revocation (RFC 7009): the token that the provider gave at the login is revoked at its
 * endpoint, by a client that authenticates with Basic (RFC 6749, section 2.3.1).
 *
 * The token comes in the provider's assertion and is stored with the session, so it is a JWE there
 * (RFC 7516: `dir`, `A256GCM`, under the SHA-256 of the shared secret): neither the browser that
 * carries the assertion nor the database nor an operator can read it.
 */
import { hash } from 'node:crypto'
import { compactDecrypt } from 'jose'
import type { RevocationLogout } from '../../domain/mvpd-logout.ts'
import type { SendOutcome } from '../../ports/delivery.ts'
import { outcomeOf, type Answer } from '../exchange.ts'
import { formHeaders, impossible, type ChannelWorld, type TellProvider } from './channel.ts'

export function revocationChannel(
  { url, clientId, clientSecret, tokenClaim, tokenTypeHint }: RevocationLogout,
  { exchange, nowMs, secret }: ChannelWorld,
): TellProvider {
  const key = hash('sha256', secret, 'buffer')
  const name = `${encoded(clientId)}:${encoded(clientSecret)}`
  const authorization = `Basic ${Buffer.from(name).toString('base64')}`
  return async ({ facts: { claims = {} }, signal }) => {
    const sealed = claims[tokenClaim]
    if (sealed === undefined) return impossible('the login brought no token that could be revoked')
    const token = await opened(sealed, key)
    if (token === undefined) return impossible('the token of the login cannot be decrypted')
    const hint = tokenTypeHint === undefined ? {} : { token_type_hint: tokenTypeHint }
    const body = new URLSearchParams({ token, ...hint }).toString()
    const headers = { ...formHeaders, accept: 'application/json', authorization }
    const answer = await exchange(url, { method: 'POST', headers, body, signal })
    return answer.kind === 'answer' ? outcome(answer, nowMs()) : answer
  }
}

/** A token that the provider does not know is 200 (section 2.2). */
function outcome(answer: Answer, nowMs: number): SendOutcome {
  // Of a 400 some can be mended here or there: who the client is, and what it may do.
  const code = errors.find((error) => answer.text.includes(`"${error}"`))
  if (answer.status === 400 && code?.endsWith('_client') === true) {
    return { kind: 'again', error: `it answered 400 ${code}` }
  }
  const said = outcomeOf(answer, nowMs)
  return said.kind === 'delivered' || code === undefined
    ? said
    : { ...said, error: `${said.error} ${code}` }
}

/** RFC 6749, section 5.2, and RFC 7009, section 2.2.1. What else an answer says is not repeated. */
const errors = [
  'unsupported_token_type',
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
] as const

async function opened(sealed: string, key: Uint8Array): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  } catch {
    return undefined
  }
}

/** RFC 6749, appendix B. */
function encoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
