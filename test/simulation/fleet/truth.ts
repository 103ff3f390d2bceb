/**
 * What was issued, asked for and promised in a fleet, as one sees it who knows the true time; and
 * what was done against it.
 */
import type { IssuedTokens } from '../../../src/core/issued-tokens.ts'
import { participantKey } from '../../../src/domain/scope.ts'
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Session } from '../../../src/domain/session.ts'
import { simulatedEpochMs } from '../../../src/testing/simulated-process.ts'
import type { SimulatedTime } from '../../../src/testing/simulated-time.ts'
import { ends } from '../../../src/testing/token-pool.ts'
import type { AccessClaims } from '../../../src/verifier/claims.ts'

/** An access token that a person was given, with the refresh token beside it. */
export interface Issued {
  /** How many were issued before. */
  readonly number: number
  readonly jwt: string
  readonly claims: AccessClaims
  /** Of its session, and of its client's part in it. */
  readonly part: string
  readonly refreshToken: string | undefined
  readonly sessionEndsMs: number
  /** A client that joins may have a refresh token that ends before the session. */
  readonly refreshEndsMs: number
  /** Whether the clock of the server was right that issued it, and all its session before. */
  readonly timely: boolean
}

/** Names one client's part in a session. */
export function partOf({ sid, participantId }: Pick<Session, 'sid' | 'participantId'>): string {
  return `${sid} ${participantId}`.trim()
}

/** What is ended: a scope, its key, and for wide scopes the generation below which all is dead. */
export type Ending = Parameters<typeof ends>[0]

interface Promised {
  readonly covers: (claims: AccessClaims) => boolean
  readonly what: string
  readonly atMs: number
  /** What was issued from this number on is not covered, whatever it carries. */
  untilNumber: number
}

/** Before this, a token is too old to claim that it is good: clocks that are right differ a little. */
const toleranceMs = 10_000

export class Truth {
  readonly violations: string[] = []
  readonly issued: Issued[] = []
  readonly counts = {
    issued: 0,
    promised: 0,
    accepted: 0,
    refused: 0,
    stale: 0,
    refreshed: 0,
    /** Messages that a receiver has taken. */
    told: 0,
  }
  readonly #time: SimulatedTime
  readonly #promised: Promised[] = []
  readonly #attempted = new Set<string>()
  /** How much had been issued when everyone's sessions were ended. */
  #everyoneUntil = 0
  /** Sessions of a database whose place an older one has taken. */
  readonly #lost = new Set<Issued>()
  /** By entry of the log: the true time at which it was stored, whatever it says itself. */
  readonly #committedMs = new Map<string, number>()
  /** By token: the promise that covers it, where it was looked for. */
  readonly #covered = new Map<string, Promised>()

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  /** True time, as a clock that is right shows it. */
  get nowMs(): number {
    return simulatedEpochMs + this.#time.nowMs
  }

  issue({ session, access, refresh }: IssuedTokens, timely: boolean): Issued {
    const payload = access.token.split('.')[1] ?? ''
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as AccessClaims
    const one: Issued = {
      number: this.issued.length,
      jwt: access.token,
      claims,
      part: partOf(session),
      refreshToken: refresh?.token,
      sessionEndsMs: session.expiresAtMs,
      refreshEndsMs: Math.min(session.expiresAtMs, refresh?.expiresAtMs ?? 0),
      timely,
    }
    this.issued.push(one)
    this.counts.issued++
    return one
  }

  /** A caller asks for an end; whether it happens is not known. */
  attempt({ scope, key }: Pick<Ending, 'scope' | 'key'>): void {
    this.#attempted.add(`${scope} ${key}`)
  }

  /**
   * A backup was restored: what was issued since is not known any more, and cannot be refreshed.
   *
   * @param issuedBefore How much had been issued when it was made.
   * @param lost Whether everyone's sessions were ended, because it is not known what ended since:
   *   the counters may be lower again for those who log in from now on.
   */
  restored(issuedBefore: number, lost: boolean): void {
    for (const one of this.issued.slice(issuedBefore)) this.#lost.add(one)
    if (!lost) return
    this.#everyoneUntil = this.issued.length
    for (const promised of this.#promised) {
      promised.untilNumber = Math.min(promised.untilNumber, this.issued.length)
    }
  }

  /**
   * A caller is told that something is over.
   *
   * @returns The tokens that are covered.
   */
  promise(what: string, covers: (claims: AccessClaims) => boolean): readonly Issued[] {
    const at = `at ${this.#time.nowMs.toFixed(0)} ms`
    const { nowMs: atMs } = this.#time
    const promised = { what: `${what} ${at}`, atMs, covers, untilNumber: Infinity }
    this.#promised.push(promised)
    this.counts.promised++
    const dead = this.issued.filter(({ claims }) => covers(claims))
    for (const { jwt } of dead) if (!this.#covered.has(jwt)) this.#covered.set(jwt, promised)
    return dead
  }

  /** Whether no call has ever asked to end it, and its time has not come. */
  isGood(one: Issued): boolean {
    const lives = one.claims.exp * 1000 > this.nowMs + toleranceMs
    return one.timely && lives && !this.mayHaveEnded(one)
  }

  /** Whether another client must be let into its session. */
  isJoinable(one: Issued): boolean {
    return one.timely && this.#lives(one.sessionEndsMs, one)
  }

  /** Whether a refresh must succeed. */
  isRefreshable(one: Issued): boolean {
    return one.timely && this.#lives(one.refreshEndsMs, one)
  }

  /**
   * A new token of its session was issued.
   *
   * @param next The new one. It is dead where its session ended while the refresh was on its way: a
   *   server may be stopped between what it stores and its answer.
   * @param askedMs When the refresh was asked for.
   */
  refreshed(who: string, one: Issued, next: Issued, askedMs: number): void {
    this.counts.refreshed++
    const { claims, number } = one
    // The end of a token leaves its session alone.
    const session = { ...claims, jti: '' }
    const promised = this.#promised.find(
      ({ atMs, covers, untilNumber }) =>
        number < untilNumber && covers(session) && (atMs < askedMs || !covers(next.claims)),
    )
    if (promised) this.complain(`${who} refreshed ${claims.sid} after ${promised.what}`)
  }

  accepted(who: string, one: Issued): void {
    this.counts.accepted++
    const promised = this.#promiseFor(one)
    if (promised) this.complain(`${who} accepted ${one.claims.jti} after ${promised.what}`)
  }

  /** @param rightly Whether the clock of who refused it is right. */
  refused(who: string, one: Issued, reason: string, rightly: boolean): void {
    if (reason === 'stale') {
      this.counts.stale++
      return
    }
    this.counts.refused++
    if (rightly && this.isGood(one))
      this.complain(`${who} found the good ${describe(one)} ${reason}`)
  }

  complain(violation: string): void {
    this.violations.push(`at ${this.#time.nowMs.toFixed(0)} ms ${violation}`)
  }

  committed(entries: readonly Revocation[]): void {
    for (const { id } of entries) this.#committedMs.set(id, this.nowMs)
  }

  /** Whether its session had not expired yet when an entry was stored. */
  lasted(one: Issued, { id }: Revocation): boolean {
    return (this.#committedMs.get(id) ?? Infinity) + toleranceMs <= one.sessionEndsMs
  }

  /** Whether it was issued in a database whose place an older one has taken. */
  isLost(one: Issued): boolean {
    return this.#lost.has(one)
  }

  #lives(endsMs: number, one: Issued): boolean {
    const lives = endsMs > this.nowMs + toleranceMs
    return lives && !this.#lost.has(one) && !this.mayHaveEnded(one)
  }

  #promiseFor({ jwt, claims, number }: Issued): Promised | undefined {
    const known = this.#covered.get(jwt)
    if (known) return known
    // One that was issued after the promise.
    const found = this.#findPromise(number, claims)
    if (found) this.#covered.set(jwt, found)
    return found
  }

  #findPromise(number: number, claims: AccessClaims): Promised | undefined {
    return this.#promised.find(({ covers, untilNumber }) => number < untilNumber && covers(claims))
  }

  /** Whether a caller has asked to end it. */
  mayHaveEnded(one: Issued): boolean {
    const { jti, sid, sub, client_id: clientId, device_id: device } = one.claims
    return (
      one.number < this.#everyoneUntil ||
      this.#attempted.has(`token ${jti}`) ||
      this.#attempted.has(`session ${sid}`) ||
      this.#attempted.has(`participant ${participantKey(clientId, sid)}`) ||
      this.#attempted.has(`subject ${sub}`) ||
      (device !== undefined && this.#attempted.has(`device ${device}`))
    )
  }
}

/** What these entries ended before it had expired, of a database that is still there. */
export function endedInTime(truth: Truth, entries: readonly Revocation[]): readonly Issued[] {
  const wide = entries.filter(({ scope }) => scope !== 'token')
  return truth.issued.filter(
    (one) =>
      !truth.isLost(one) &&
      wide.some((entry) => ends(entry, one.claims) && truth.lasted(one, entry)),
  )
}

function describe({ claims }: Issued): string {
  return `${claims.jti} of ${claims.sub}`
}
