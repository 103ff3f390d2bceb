import type { Scope } from './scope.ts'

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
  /** `jti`, `sid`, subject id, client id, `client subject`, device key, or `*`. */
  readonly key: string
  readonly reason: Reason
  /** Who asked: `subject:maria`, `client:42`, `operator:admin`, `system`. Never a credential. */
  readonly actor: string
  /** A note by the operator, at most 500 characters; empty where there is none. */
  readonly note: string
  readonly atMs: number
  /**
   * Wide scopes only: the generation that the caller's own token carries. The store raises the
   * counter only if it still has that value or less, so a repeated logout does not end what was
   * opened after the first. Without it the counter is raised in any case.
   */
  readonly seenGeneration?: number
  /**
   * Wide scopes only: the counter is raised to this at least. For whoever does not know how often
   * it was raised before: a database that lost logouts.
   */
  readonly leastGeneration?: number
}

/** The fact that something ended. Append-only, numbered within its stream, never undone. */
export interface Revocation {
  readonly id: string
  /** The stream (one a node) and the number in it, from 1, without gaps. */
  readonly stream: string
  readonly sequence: number
  readonly scope: Scope
  readonly key: string
  /** The counter's new value for wide scopes, 0 for `token` and `session`. */
  readonly generation: number
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

/** The bytes over which an entry's hash is taken: a JSON array, in this order, in UTF-8. */
export function chainInput(entry: Omit<Revocation, 'hash'>): string {
  return JSON.stringify([
    entry.previousHash,
    entry.stream,
    entry.sequence,
    entry.id,
    entry.scope,
    entry.key,
    entry.generation,
    entry.reason,
    entry.actor,
    entry.note,
    entry.atMs,
    entry.forgetAfterMs,
  ])
}
