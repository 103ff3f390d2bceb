/**
 * What a revocation can end, as one table. Everything that differs between scopes is derived from
 * it: what a store looks up and counts, what a token must carry and a verifier asks, what the admin
 * API, the command line and the metrics name. A new scope is a row here; one that counts also needs
 * the column of its generation in `sessions`, which is a step of both schemas.
 */

/**
 * How something ends.
 *
 * - `narrow`: it is one thing, and ends once.
 * - `counter`: a counter is raised, so that one row ends any number of sessions. What carries a lower
 *   number is dead.
 * - `cutoff`: all that was issued up to a second is dead. For tokens of other issuers alone, which
 *   carry no number of ours.
 */
export type ScopeKind = 'narrow' | 'counter' | 'cutoff'

/** Claims of a token of which keys are made. The signing key stands in its header. */
export type KeyClaim = 'jti' | 'sid' | 'sub' | 'client_id' | 'device_id' | 'kid'

export interface ScopeRow {
  /** How it ends for tokens of ours. */
  readonly kind: Exclude<ScopeKind, 'cutoff'>
  /** How it ends for tokens of another issuer; `none`: they cannot be named so. */
  readonly foreign: Exclude<ScopeKind, 'counter'> | 'none'
  /** The claims that make its key, joined by a space. None: there is only one key. */
  readonly key: readonly [] | readonly [KeyClaim] | readonly [KeyClaim, KeyClaim]
  /** The last claim of its key is minted here, so that the random half of it is the fingerprint. */
  readonly minted?: true
  /**
   * The name in a token's `gen` under which the session's generation stands. A counter without one
   * ends everything with its first raise. Never given to another scope.
   */
  readonly generation?: string
  /** There are few of them, each in very many tokens: verifiers remember their fingerprints. */
  readonly few?: true
  /** Keys may hold white space. */
  readonly spaced?: true
  /** Has a route of its own in the admin API, and is not accepted by `POST /revocations`. */
  readonly apart?: true
  /** The option of `outright logout`, and what it ends. */
  readonly option: string
  readonly words: string
}

/**
 * The rows. `participant` is one client's part in one session, which other clients may be in; who
 * leaves may come in again. `grant` is what one subject has granted to one client, which is what an
 * OAuth client's own revocation call ends. `signing_key` ends every token that a key has signed or
 * ever will sign, including one held by an attacker: no token carries a generation of its key,
 * because the holder of the key could write any.
 */
export const scopeTable = {
  token: {
    kind: 'narrow',
    foreign: 'narrow',
    key: ['jti'],
    minted: true,
    spaced: true,
    option: '--token-id <jti>',
    words: 'one access token',
  },
  session: {
    kind: 'narrow',
    foreign: 'narrow',
    key: ['sid'],
    minted: true,
    spaced: true,
    option: '--session <sid>',
    words: 'one session',
  },
  participant: {
    kind: 'counter',
    foreign: 'none',
    key: ['client_id', 'sid'],
    minted: true,
    generation: 'p',
    option: '--participant <id...>',
    words: 'a client’s part in one session: client id, then session id',
  },
  subject: {
    kind: 'counter',
    foreign: 'cutoff',
    key: ['sub'],
    generation: 's',
    option: '--subject <id>',
    words: 'all sessions of one person',
  },
  client: {
    kind: 'counter',
    foreign: 'cutoff',
    key: ['client_id'],
    generation: 'c',
    few: true,
    option: '--client <id>',
    words: 'all sessions of one client',
  },
  grant: {
    kind: 'counter',
    foreign: 'cutoff',
    key: ['client_id', 'sub'],
    generation: 'g',
    option: '--grant <id...>',
    words: 'a client’s sessions with one person: client id, then subject id',
  },
  device: {
    kind: 'counter',
    foreign: 'none',
    key: ['device_id'],
    generation: 'd',
    spaced: true,
    option: '--device <key>',
    words: 'all sessions of one device',
  },
  everyone: {
    kind: 'counter',
    foreign: 'cutoff',
    key: [],
    generation: 'e',
    option: '--everyone',
    words: 'every session there is',
  },
  signing_key: {
    kind: 'counter',
    foreign: 'none',
    key: ['kid'],
    minted: true,
    few: true,
    apart: true,
    option: '',
    words: 'everything that a key has signed',
  },
} as const

type Table = typeof scopeTable

export type Scope = keyof Table

/** The scopes whose rows have this. */
type ScopeWith<Part> = { [S in Scope]: Table[S] extends Part ? S : never }[Scope]

/** Scopes that end by raising a counter. */
export type WideScope = ScopeWith<{ readonly kind: 'counter' }>
/** Counters that a session reads when it is created, and its tokens carry. */
export type SessionCounter = ScopeWith<{ readonly generation: string }>
/** What may be named in `POST /revocations`. */
export type RequestedScope = Exclude<Scope, ScopeWith<{ readonly apart: true }>>

export const scopes: readonly Scope[] = Object.keys(scopeTable) as Scope[]

const rows: Readonly<Record<Scope, ScopeRow>> = scopeTable

/** The row of a scope, as what every row may have. */
export function scopeRow(scope: Scope): ScopeRow {
  return rows[scope]
}

/** Whether tokens carry a generation of it. */
export function isSessionCounter(scope: Scope): scope is SessionCounter {
  return scopeRow(scope).generation !== undefined
}

export const sessionCounters: readonly SessionCounter[] = scopes.filter(isSessionCounter)

export const requestedScopes: readonly RequestedScope[] = scopes.filter(
  (scope): scope is RequestedScope => scopeRow(scope).apart !== true,
)

/**
 * How a scope ends.
 *
 * @param issuer Whose tokens it names; empty: ours.
 * @returns Undefined where tokens of another issuer cannot be named so.
 */
export function kindOf(scope: Scope, issuer: string): ScopeKind | undefined {
  const { kind, foreign } = scopeRow(scope)
  if (issuer === '') return kind
  return foreign === 'none' ? undefined : foreign
}

/** Whether it ends by raising a counter, for tokens of ours. */
export function isWide(scope: Scope): scope is WideScope {
  return scopeRow(scope).kind === 'counter'
}

/** Whether it has only one key. */
export function hasOneKey(scope: Scope): boolean {
  return scopeRow(scope).key.length === 0
}

/** The key of a scope that has only one. */
export const EVERYONE = '*'

/**
 * The key of a scope for what has these claims.
 *
 * @returns Undefined where one of them is missing: then it is not named by this scope.
 */
export function keyOf(
  { key }: Pick<ScopeRow, 'key'>,
  names: { readonly [C in KeyClaim]?: string | undefined },
): string | undefined {
  // By hand: this is done for every new token.
  const [first, second] = key
  if (first === undefined) return EVERYONE
  const one = names[first]
  if (second === undefined || one === undefined) return one
  const other = names[second]
  return other === undefined ? undefined : `${one} ${other}`
}

/** The claims that a key names: what {@link keyOf} made it of. Only the last may hold a space. */
export function readKey(scope: Scope, key: string): { readonly [C in KeyClaim]?: string } {
  const { key: claims } = scopeRow(scope)
  const parts = key.split(' ')
  const names: { [C in KeyClaim]?: string } = {}
  for (const [index, claim] of claims.entries()) {
    const isLast = index === claims.length - 1
    names[claim] = isLast ? parts.slice(index).join(' ') : (parts[index] ?? '')
  }
  return names
}

/** The key of scope `grant`. Client ids hold no space, so the pair reads back without doubt. */
export function grantKey(clientId: string, subjectId: string): string {
  return `${clientId} ${subjectId}`
}

/** The key of scope `participant`. */
export function participantKey(clientId: string, sid: string): string {
  return `${clientId} ${sid}`
}
