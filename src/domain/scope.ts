/**
 * What a revocation can end. `grant` is one client's standing with one subject, which is what an
 * OAuth client's own revocation call ends. `signing_key` ends every token that a key has signed or
 * ever will sign, whoever holds it.
 */
export const scopes = [
  'token',
  'session',
  'subject',
  'client',
  'grant',
  'device',
  'everyone',
  'signing_key',
] as const

export type Scope = (typeof scopes)[number]

/** Scopes that end by raising a counter, so that one row ends any number of sessions. */
export type WideScope = Exclude<Scope, 'token' | 'session'>

export function isWide(scope: Scope): scope is WideScope {
  return scope !== 'token' && scope !== 'session'
}

/** The key of scope `everyone`, which has only one. */
export const EVERYONE = '*'

/** The key of scope `grant`. Client ids hold no space, so the pair reads back without doubt. */
export function grantKey(clientId: string, subjectId: string): string {
  return `${clientId} ${subjectId}`
}

/** The client and the subject that a key of scope `grant` names. */
export function readGrantKey(key: string): {
  readonly clientId: string
  readonly subjectId: string
} {
  const space = key.indexOf(' ')
  return { clientId: key.slice(0, space), subjectId: key.slice(space + 1) }
}
