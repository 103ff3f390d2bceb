/**
 * Reads a history afterwards and says what must not have happened. It knows nothing of nodes,
 * leases or databases: only what was promised.
 *
 * A logout covers a token for certain where its scope names it and, for wide scopes, the session's
 * login was answered before the logout was asked for. It may cover it where the two overlapped, or
 * where it is not known whether the logout was stored.
 *
 * Who logs out with a token and is told that it is dead was told that it is over: that is a promise
 * too. Only what a verifier says whose wall clock is right, about what was issued by one that was,
 * can be wrong about a token that is good.
 */
import type { Entry, LoginCall, LogoutCall, RefreshCall, TokenFacts, UseCall } from './history.ts'

/** A part and a whole, `2/3;lapsed=1;ms=40`. */
const RECEIPT = /^(\d+)\/(\d+);lapsed=(\d+);ms=\d+$/

export interface Violation {
  readonly rule:
    | 'accepted after logout'
    | 'answered logout lost'
    | 'resurrected'
    | 'collateral'
    | 'no receipt'
    | 'not of one mind'
    | 'not bounded'
    | 'not mended'
    | 'never told'
    | 'told under two ids'
    | 'told of what lives'
  readonly entry: Entry
  /** The logout that was not respected. */
  readonly logout?: LogoutCall
}

/**
 * @param boundMs How long any call may take.
 * @returns Every violation, in the order of the history.
 */
export function check(entries: readonly Entry[], boundMs: number): readonly Violation[] {
  const book = new Book(entries)
  return entries.flatMap((entry) => [
    ...(entry.endMs - entry.startMs > boundMs ? [{ rule: 'not bounded', entry } as const] : []),
    ...judge(entry, book),
  ])
}

function judge(entry: Entry, book: Book): readonly Violation[] {
  switch (entry.op) {
    case 'use':
      return judgeUse(entry, book)
    case 'refresh':
      return judgeRefresh(entry, book)
    case 'login':
      if (entry.wrongClock === true) return []
      return entry.outcome === 'dead' || (entry.final === true && entry.outcome !== 'done')
        ? [{ rule: entry.outcome === 'dead' ? 'collateral' : 'not mended', entry }]
        : []
    case 'logout':
      return isConfirmed(entry) ? [] : [{ rule: 'no receipt', entry }]
  }
}

/** Whether a logout that waited was answered with a receipt that accounts for every verifier. */
function isConfirmed({ outcome, waited, confirmed = '' }: LogoutCall): boolean {
  if (outcome !== 'done') return true
  const [, acknowledged, verifiers, lapsed] = RECEIPT.exec(confirmed) ?? []
  if (verifiers === undefined) return false
  return !waited || Number(acknowledged) + Number(lapsed) === Number(verifiers)
}

/** Whether a clock that was wrong may have had a say in a refusal. */
function isUntimely({ wrongClock = false }: Entry, token: TokenFacts): boolean {
  return wrongClock || !token.timely
}

function judgeUse(entry: UseCall, book: Book): readonly Violation[] {
  const before = book.answered(entry.token, entry.startMs)
  const { final = false } = entry
  if (entry.outcome === 'done') {
    // Once everything is mended, every answered logout is in force, waited for or not.
    const logout = before.find(({ waited }) => waited || final)
    if (logout !== undefined) {
      return [{ rule: final ? 'answered logout lost' : 'accepted after logout', entry, logout }]
    }
    // It is not known whether the logout that it met was stored, but one verifier has acted upon it.
    if (final && book.seenDead(entry.token, entry.startMs)) return [{ rule: 'resurrected', entry }]
    return final && book.isDoubtedAtTheEnd(entry.token) ? [{ rule: 'not of one mind', entry }] : []
  }
  if (entry.outcome === 'dead') {
    const isExcused = isUntimely(entry, entry.token) || book.mayBeEnded(entry.token, entry.endMs)
    return isExcused ? [] : [{ rule: 'collateral', entry }]
  }
  // A verifier that is never sure again would be safe, and of no use.
  return final ? [{ rule: 'not mended', entry }] : []
}

function judgeRefresh(entry: RefreshCall, book: Book): readonly Violation[] {
  // The database decides about a refresh, so what was stored counts, waited for or not.
  // Who was told that a token is dead knows nothing of its session: its key may have been removed.
  const wide = (logout: LogoutCall): boolean => logout.outcome === 'done' && !isOfTokens(logout)
  if (entry.outcome === 'done') {
    const logout = book.answered(entry.of, entry.startMs).find(wide)
    if (logout !== undefined) return [{ rule: 'resurrected', entry, logout }]
    // What a verifier refused was stored, whatever became of the answer to the logout.
    const isEnded = !book.mayBeEndedAlone(entry.of) && book.seenDead(entry.of, entry.startMs)
    return isEnded ? [{ rule: 'resurrected', entry }] : []
  }
  if (entry.outcome !== 'dead' || isUntimely(entry, entry.of)) return []
  return book.mayBeEnded(entry.of, entry.endMs) ? [] : [{ rule: 'collateral', entry }]
}

/** Finds logouts and logins by what they name, and uses by their token. */
export class Book {
  readonly #logouts: ReadonlyMap<string, readonly LogoutCall[]>
  /** By the token that was presented: logouts that were told that it was over. */
  readonly #toldDead: ReadonlyMap<string, readonly LogoutCall[]>
  readonly #logins: ReadonlyMap<string, LoginCall>
  /** By token: the uses that were refused because of it. */
  readonly #refused: ReadonlyMap<string, readonly UseCall[]>

  constructor(entries: readonly Entry[]) {
    const logouts = entries.filter((entry) => entry.op === 'logout')
    this.#logouts = Map.groupBy(logouts, ({ scope, key }) => `${scope} ${key}`)
    // A clock that is wrong takes what lives for expired, and says so with the same status.
    const toldDead = logouts.filter(
      ({ outcome, presented, wrongClock = false }) =>
        outcome === 'dead' && presented?.timely === true && !wrongClock,
    )
    this.#toldDead = Map.groupBy(toldDead, ({ presented }) => presented?.jti ?? '')
    this.#logins = new Map(
      entries
        .filter((entry) => entry.op === 'login')
        .flatMap((login) => (login.token ? [[login.token.sid, login] as const] : [])),
    )
    const uses = entries.filter((entry) => entry.op === 'use')
    const refused = uses.filter((use) => use.outcome === 'dead' && !isUntimely(use, use.token))
    this.#refused = Map.groupBy(refused, ({ token }) => token.jti)
  }

  /** Whether some verifier had refused the token for good before a moment. */
  seenDead({ jti }: TokenFacts, beforeMs: number): boolean {
    return this.#refused.get(jti)?.some(({ endMs }) => endMs <= beforeMs) ?? false
  }

  /** Whether some verifier refused the token for good when all was mended. */
  isDoubtedAtTheEnd({ jti }: TokenFacts): boolean {
    return this.#refused.get(jti)?.some(({ final = false }) => final) ?? false
  }

  /** Whether a logout may have ended the token and left its session alone. */
  mayBeEndedAlone(token: TokenFacts): boolean {
    return this.#naming(token).some((logout) => isOfTokens(logout) && logout.outcome !== 'dead')
  }

  /**
   * Whether the token's session was ended for certain, and only ever by clocks that were right: one
   * that is wrong may take what lives for expired.
   */
  hasEnded(token: TokenFacts): boolean {
    const login = this.#logins.get(token.sid)
    const naming = this.#naming(token).filter(
      (logout) => !isOfTokens(logout) && logout.outcome !== 'dead',
    )
    return (
      naming.every(({ wrongClock = false }) => !wrongClock) &&
      naming.some(
        (logout) =>
          logout.outcome === 'done' &&
          (isNarrow(logout) || (login !== undefined && login.endMs <= logout.startMs)),
      )
    )
  }

  /** Logouts that cover the token for certain and were answered with success before a moment. */
  answered(token: TokenFacts, beforeMs: number): readonly LogoutCall[] {
    const login = this.#logins.get(token.sid)
    const done = this.#naming(token).filter(
      (logout) =>
        logout.outcome === 'done' &&
        (isNarrow(logout) || (login !== undefined && login.endMs <= logout.startMs)),
    )
    const told = this.#toldDead.get(token.jti) ?? []
    return [...done, ...told].filter(({ endMs }) => endMs <= beforeMs)
  }

  /** Whether some logout can have ended the token before a moment. */
  mayBeEnded(token: TokenFacts, beforeMs: number): boolean {
    const login = this.#logins.get(token.sid)
    return this.#naming(token).some(
      (logout) =>
        logout.outcome !== 'dead' &&
        logout.startMs < beforeMs &&
        (isNarrow(logout) ||
          logout.outcome === 'unknown' ||
          (login !== undefined && login.startMs < logout.endMs)),
    )
  }

  #naming({ jti, sid, subject, client, kid }: TokenFacts): readonly LogoutCall[] {
    const names = [
      `token ${jti}`,
      `session ${sid}`,
      `subject ${subject}`,
      `client ${client}`,
      'everyone ',
      `signing_key ${kid}`,
    ]
    return names.flatMap((name) => this.#logouts.get(name) ?? [])
  }
}

/** Covers what it names, whenever that began. */
function isNarrow({ scope }: LogoutCall): boolean {
  return scope === 'token' || scope === 'session' || scope === 'signing_key'
}

/** Ends access tokens and leaves their sessions alone. */
function isOfTokens({ scope }: LogoutCall): boolean {
  return scope === 'token' || scope === 'signing_key'
}
