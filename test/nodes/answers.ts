/** What the callers of a load send and read: credentials, tokens, and what an answer says. */
import type { CallOptions, Reply } from '../harness.ts'
import { factsOf, type Entry, type TokenFacts } from './history.ts'
import type { Guarded, Node } from './processes.ts'

export interface Issued {
  readonly facts: TokenFacts
  readonly token: string
}

/**
 * The tokens in an answer of DirectLink or Octopus.
 *
 * @param timely Whether its session is, so far.
 */
export function issuedBy(
  reply: Reply,
  timely = true,
): { issued: Issued; refreshToken: string | undefined } {
  const body = reply.json() as {
    readonly bearer?: string
    readonly data?: { readonly access_token: string; readonly refresh_token: string }
  }
  const token = body.data?.access_token ?? body.bearer ?? ''
  const facts = factsOf(token)
  return {
    issued: { facts: { ...facts, timely: timely && facts.timely }, token },
    refreshToken: body.data?.refresh_token,
  }
}

export function basic(name: string): { authorization: string } {
  const text = Buffer.from(`${name}:${name}-password`).toString('base64')
  return { authorization: `Basic ${text}` }
}

export function bearer(token: string): CallOptions {
  return { headers: { authorization: `Bearer ${token}` } }
}

/** Who answered, and whether its wall clock was wrong since then. */
export function where(
  { name, child }: Node | Guarded,
  startMs: number,
): Pick<Entry, 'at' | 'wrongClock'> {
  const wrongClock = child.clock?.wasWrongSince(startMs) === true
  return { at: name, ...(wrongClock ? { wrongClock } : {}) }
}

type Told = Pick<Entry, 'startMs' | 'endMs' | 'said' | 'outcome'>

/** A node's answer. */
export function said(reply: Reply | undefined, startMs: number): Told {
  const endMs = performance.now()
  if (reply === undefined) return { startMs, endMs, said: 'no answer', outcome: 'unknown' }
  const { status, headers } = reply
  if (status >= 200 && status < 300)
    return { startMs, endMs, said: String(status), outcome: 'done' }
  // What proxies ask knows no other answer than 401 for a node that is not sure.
  const isUnsure = headers['retry-after'] !== undefined
  const outcome = status === 401 && !isUnsure ? 'dead' : 'unknown'
  return { startMs, endMs, said: isUnsure ? 'stale' : String(status), outcome }
}

/** A guard's answer. */
export function verdict(reply: Reply | undefined, startMs: number): Told {
  const endMs = performance.now()
  const word = reply?.text ?? 'no answer'
  if (word === 'ok') return { startMs, endMs, said: word, outcome: 'done' }
  const isDead = word === 'revoked' || word === 'invalid' || word === 'expired'
  return { startMs, endMs, said: word, outcome: isDead ? 'dead' : 'unknown' }
}
