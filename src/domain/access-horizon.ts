import type { RevocationCommand } from './revocation.ts'

/**
 * Until when access tokens live that were ever issued here: for each class of lives, the moment
 * after which none of them is good. A store keeps one for the whole installation and moves it in
 * the transaction that lets a token be issued, so that a revocation which reads it knows of every
 * token that it ends. No clock is asked: what was issued is a fact, whichever node's clock it was.
 *
 * Moments only move forward.
 */
export type AccessHorizon = ReadonlyMap<number, number>

/** A token that is to be issued. */
export interface AccessLife {
  /** The longest life of an access token of its session: `Session.accessLifetimeMs`. */
  readonly lifetimeMs: number
  readonly expiresAtMs: number
}

/** The first access token of a client that comes into a session. */
export function firstAccess(session: {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly accessLifetimeMs: number
}): AccessLife {
  const { createdAtMs, expiresAtMs, accessLifetimeMs: lifetimeMs } = session
  return { lifetimeMs, expiresAtMs: Math.min(createdAtMs + lifetimeMs, expiresAtMs) }
}

/** The last second that a replica can name, which it takes for never. */
const NEVER_MS = 0xffff_ffff * 1000

/**
 * A revocation is remembered for an hour at least, also where nothing was issued here that it could
 * end: after a restore from an old backup, tokens go on that this database does not know of.
 */
export const MIN_REMEMBERED_MS = 3_600_000

/**
 * Lives from half of it to the whole share a class: there are 52 at most, and a revocation of a
 * short session is not kept for as long as the longest.
 */
function classOf(lifetimeMs: number): number {
  return 2 ** Math.ceil(Math.log2(Math.min(Math.max(lifetimeMs, 1024), Number.MAX_SAFE_INTEGER)))
}

/** Moved by an eighth of the class more than is needed, so that it moves seldom. */
function step(lifetimeClass: number): number {
  return lifetimeClass / 8
}

/** Whether such a token may be issued with the horizon as it is. */
export function isWithin(horizon: AccessHorizon, life: AccessLife): boolean {
  const untilMs = horizon.get(classOf(life.lifetimeMs))
  return untilMs !== undefined && life.expiresAtMs <= untilMs
}

/** The horizon behind which none of these tokens reaches; the same one where it did not move. */
export function extend(horizon: AccessHorizon, lives: readonly AccessLife[]): AccessHorizon {
  const beyond = lives.filter((life) => !isWithin(horizon, life))
  if (beyond.length === 0) return horizon
  const moved = new Map(horizon)
  for (const { lifetimeMs, expiresAtMs } of beyond) {
    const lifetimeClass = classOf(lifetimeMs)
    const untilMs = Math.min(Math.ceil(expiresAtMs) + step(lifetimeClass), NEVER_MS)
    moved.set(lifetimeClass, Math.max(untilMs, moved.get(lifetimeClass) ?? 0))
  }
  return moved
}

/** The farther of two horizons, class by class. */
export function farther(one: AccessHorizon, other: AccessHorizon): AccessHorizon {
  const merged = new Map(one)
  for (const [lifetimeClass, untilMs] of other) {
    merged.set(lifetimeClass, Math.max(untilMs, merged.get(lifetimeClass) ?? 0))
  }
  return merged
}

/** The moment after which nothing is good that was ever issued; 0 where nothing was. */
export function lastExpiryMs(horizon: AccessHorizon): number {
  return Math.max(0, ...horizon.values())
}

type ForgottenAfter = Pick<RevocationCommand, 'scope' | 'issuer' | 'atMs' | 'foreignForgetAfterMs'>

/**
 * When replicas may forget a revocation: when every token that it ends has expired. Of the tokens
 * of others the horizon says nothing.
 *
 * @param horizon As it is in the transaction that stores the revocation.
 * @param lifetimeMs Of a session that ends by its name, where it is known here.
 */
export function forgetAfterMs(
  horizon: AccessHorizon,
  { scope, issuer = '', atMs, foreignForgetAfterMs }: ForgottenAfter,
  lifetimeMs: number | undefined,
): number {
  if (issuer !== '') {
    const afterMs = Math.max(atMs + MIN_REMEMBERED_MS, foreignForgetAfterMs ?? NEVER_MS)
    return Math.min(afterMs, NEVER_MS)
  }
  // The holder of the key can sign tokens with any expiry.
  if (scope === 'signing_key') return NEVER_MS
  // One counter, which also ends what a database cannot know of: it may have been restored.
  if (scope === 'everyone') return NEVER_MS
  const own = lifetimeMs === undefined ? undefined : classOf(lifetimeMs)
  const classes = own === undefined ? [...horizon.keys()] : [own]
  // Also counted from the moment of the revocation: a database that was restored has a horizon of
  // before, and tokens were issued since.
  const ends = classes.map((one) => Math.max(horizon.get(one) ?? 0, atMs + one))
  return Math.min(Math.max(atMs + MIN_REMEMBERED_MS, ...ends), NEVER_MS)
}

/**
 * When a signing key may be removed that is retired now. Nodes may sign with it for a few seconds
 * more; an hour is plenty.
 */
export function removeKeyAfterMs(horizon: AccessHorizon, retiredAtMs: number): number {
  return Math.max(lastExpiryMs(horizon), retiredAtMs) + KEY_MARGIN_MS
}

export const KEY_MARGIN_MS = 3_600_000

/** As a store keeps it: JSON, an array of pairs. */
export function formatHorizon(horizon: AccessHorizon): string {
  return JSON.stringify([...horizon].toSorted(([one], [other]) => one - other))
}

export function parseHorizon(text: string): AccessHorizon {
  return new Map(JSON.parse(text) as [number, number][])
}
