import { refuse } from './failure.ts'
import { kindOf, type Scope } from './scope.ts'

/** Why something ended. Free text is refused: reasons are counted, shown and sent on. */
export const reasons = [
  'logout',
  'logout_everywhere',
  'revoked_by_client',
  'revoked_by_operator',
  'refresh_token_reuse',
  'password_changed',
  'subject_disabled',
  'client_disabled',
  'device_lost',
  'compromised',
  'upstream_logout',
] as const

export type Reason = (typeof reasons)[number]

/** A wish to end something, before it is stored. */
export interface RevocationCommand {
  /** UUIDv7, minted by the caller, so that a repeated command is one revocation. */
  readonly id: string
  readonly scope: Scope
  /** Whose tokens are named: `iss` of another issuer. Empty, which is the default: ours. */
  readonly issuer?: string
  /** `jti`, `sid`, subject id, client id, `client subject`, device key, or `*`. */
  readonly key: string
  readonly reason: Reason
  /** Who asked: `subject:maria`, `client:42`, `operator:maria`, `system`. Never a credential. */
  readonly actor: string
  /** A note by the operator, at most 500 characters; empty where there is none. */
  readonly note: string
  readonly atMs: number
  /**
   * Wide scopes only: the generation that the caller's own token carries. The store raises the
   * counter only if it still has that value or less, so a repeated logout does not end what was
   * opened after the first. Without it the counter is raised in any case.
   */
  readonly ifGeneration?: number
  /**
   * Wide scopes only: the counter is raised to this at least. For a database that lost logouts, and
   * with them how often it was raised.
   */
  readonly leastGeneration?: number
  /**
   * Cut-offs only, and never missing there: all that was issued in this second (Unix time) or
   * before is dead.
   */
  readonly cutoffSeconds?: number
  /**
   * Other issuers only: when the last token has expired that this ends. Default: never, since the
   * lifetime of other issuers' tokens is unknown here.
   */
  readonly foreignForgetAfterMs?: number
}

/** The fact that something ended. Append-only, numbered within its stream, never undone. */
export interface Revocation {
  readonly id: string
  /** The stream (one a node) and the number in it, from 1, without gaps. */
  readonly stream: string
  readonly sequence: number
  /** Which form of an entry was hashed: see `chainInput`. New ones have `ENTRY_VERSION`. */
  readonly version: number
  readonly scope: Scope
  /** Whose tokens are named: `iss` of another issuer; empty for ours. */
  readonly issuer: string
  readonly key: string
  /** The counter's new value for wide scopes, 0 for all others. */
  readonly generation: number
  /** Of a cut-off: all that was issued in this second or before is dead. 0 for all others. */
  readonly cutoffSeconds: number
  readonly reason: Reason
  readonly actor: string
  readonly note: string
  readonly atMs: number
  /** When the last access token that this concerns has expired; replicas forget it then. */
  readonly forgetAfterMs: number
  /** SHA-256, base64url, of the entry before it in the stream; empty for the first. */
  readonly previousHash: string
  /** SHA-256, base64url, of this entry chained to `previousHash`: see `chainInput`. */
  readonly hash: string
}

/** How far a reader has come in every stream. */
export type Position = ReadonlyMap<string, number>

/** Whether a reader at the first position has everything up to the second. */
export function covers(have: Position, needs: Position): boolean {
  for (const [stream, sequence] of needs) if ((have.get(stream) ?? 0) < sequence) return false
  return true
}

/**
 * The form in which entries are written. One that was ever written is verified for ever: a new form
 * is a new version, and one more case below.
 */
export const ENTRY_VERSION = 2

/**
 * The bytes over which an entry's hash is taken: a JSON array, in this order, in UTF-8.
 *
 * @returns Undefined where the entry does not have the form of its version, or the version is
 *   unknown: then its content cannot be verified.
 */
export function chainInput(entry: Omit<Revocation, 'hash'>): string | undefined {
  const { issuer, cutoffSeconds } = entry
  switch (entry.version) {
    case 1:
      // It says nothing of another issuer, so that must not have been put in afterwards.
      if (issuer !== '' || cutoffSeconds !== 0) return undefined
      return JSON.stringify([entry.previousHash, ...placeOf(entry), ...whatOf(entry)])
    case 2:
      return JSON.stringify([
        entry.version,
        entry.previousHash,
        ...placeOf(entry),
        ...whatOf(entry),
        issuer,
        cutoffSeconds,
      ])
    default:
      return undefined
  }
}

type Parts = readonly (string | number)[]

function placeOf({ stream, sequence, id }: Omit<Revocation, 'hash'>): Parts {
  return [stream, sequence, id]
}

function whatOf(entry: Omit<Revocation, 'hash'>): Parts {
  const { scope, key, generation, reason, actor, note, atMs, forgetAfterMs } = entry
  return [scope, key, generation, reason, actor, note, atMs, forgetAfterMs]
}

/**
 * Chains an entry to the one before it, in the form of today.
 *
 * @param digest SHA-256 of a text in UTF-8, base64url.
 */
export function sealEntry(
  entry: Omit<Revocation, 'hash' | 'version'>,
  digest: (text: string) => string,
): Revocation {
  const written = { ...entry, version: ENTRY_VERSION }
  const input = chainInput(written)
  if (input === undefined) throw new Error('an entry that is written has the form of its version')
  return { ...written, hash: digest(input) }
}

/** How a command ends what it names, with everything that it leaves out. */
export type Ending = { readonly kind: 'counter' } | NamedEnding

/** It ends by its name: once, or up to a second. */
export interface NamedEnding {
  readonly kind: 'narrow' | 'cutoff'
  readonly issuer: string
  /** 0 for what is narrow. */
  readonly cutoffSeconds: number
}

/** Whether a command that {@link endingOf} takes raises a counter. */
export function raisesCounter({
  scope,
  issuer = '',
}: Pick<RevocationCommand, 'scope' | 'issuer'>): boolean {
  return kindOf(scope, issuer) === 'counter'
}

/** Whether an entry is of a command that was sent before under its id. */
export function isSame(entry: Revocation, command: RevocationCommand): boolean {
  const { scope, key, issuer = '' } = command
  return entry.scope === scope && entry.key === key && entry.issuer === issuer
}

/** The last second that a replica can name. */
const LAST_SECOND = 0xffff_ffff

/**
 * What kind of an end a command asks for.
 *
 * @throws {Refusal} `invalid_parameter` where it cannot be had: a scope that the tokens of others
 *   do not have, a cut-off without its second or with one where there is nothing to cut off.
 */
export function endingOf({
  scope,
  issuer = '',
  cutoffSeconds,
}: Pick<RevocationCommand, 'scope' | 'issuer' | 'cutoffSeconds'>): Ending {
  // It separates the parts of what is hashed for a fingerprint.
  if (issuer.includes('\0')) return wrong('issuer', 'holds a zero byte')
  const kind = kindOf(scope, issuer)
  switch (kind) {
    case undefined:
      return wrong('scope', `tokens of another issuer cannot be ended by ${scope}`)
    case 'counter':
    case 'narrow':
      if (cutoffSeconds !== undefined && cutoffSeconds !== 0) {
        return wrong('cutoffSeconds', `a ${scope} is not ended up to a second`)
      }
      return kind === 'counter' ? { kind } : { kind, issuer, cutoffSeconds: 0 }
    case 'cutoff':
      if (cutoffSeconds === undefined || !isSecond(cutoffSeconds)) {
        return wrong('cutoffSeconds', 'is not a second from 1 to 4294967295')
      }
      return { kind, issuer, cutoffSeconds }
  }
}

function isSecond(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= LAST_SECOND
}

function wrong(parameter: string, reason: string): never {
  return refuse({ kind: 'invalid_parameter', parameter, reason })
}
