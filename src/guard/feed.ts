import type { JWTVerifyGetKey } from 'jose'
import { closeCodes } from '../protocol/feed.ts'
import { callOut } from './call-out.ts'
import type { GuardClock } from './clock.ts'
import { FeedReader } from './feed-reader.ts'
import { Following } from './following.ts'
import { GuardIssuers } from './issuers.ts'
import { GuardKeys } from './keys.ts'
import { Lease, type GuardRules } from './lease.ts'
import type { GuardLog } from './options.ts'
import type { ConnectFeed } from './transport.ts'

const software = 'outright-guard/1'
const sweepEveryMs = 1000
/** Keys are fetched anew every ten minutes. */
const sweepsPerKeys = 600
/** What the server says of other issuers, once a minute: a key that one removed is gone then. */
const sweepsPerIssuers = 60

/** What is followed, as whom and by which means. Guards that agree in all of it share one feed. */
export interface FeedSource {
  /** Without a slash at the end. */
  readonly server: string
  readonly credential: string
  readonly name: string
  readonly issuer: string | undefined
  readonly connect: ConnectFeed
  readonly clock: GuardClock
  readonly random: () => number
  readonly fetch: typeof globalThis.fetch | undefined
  readonly keys: JWTVerifyGetKey | undefined
  readonly rules: GuardRules
}

/** A guard, as the feed that it follows knows it. */
export interface FeedMember {
  readonly log: GuardLog
  /** An internal failure, which would otherwise go unnoticed. */
  readonly failed: (error: unknown) => void
  /** The log failed. */
  readonly logFailed: () => void
  /** Entries were applied; called before they are acknowledged. */
  readonly applied: (words: Uint32Array, count: number) => void
  /**
   * A snapshot replaced the replica; called before it is acknowledged.
   *
   * @param nowSeconds What is over by then is over on every clock. Unix time in seconds.
   */
  readonly replaced: (nowSeconds: number) => void
  /** Other issuers, or other keys of theirs: every token has to be verified anew. */
  readonly issuersChanged: () => void
  /** A lease came. */
  readonly renewed: () => void
  /** The server refused the credential. */
  readonly refused: (reason: string) => void
  /** A second has passed. */
  readonly swept: () => void
}

/**
 * What guards of one process have in common that follow the same server: one connection, one lease,
 * one replica and one set of keys. To the node they are one verifier, so what it is told for one of
 * them must hold for all. It is followed from when the first of them is used until the last has
 * left, and never again. Before that nothing is done at all: runtimes refuse timers, chance and
 * connections where modules are loaded.
 */
export class Feed {
  readonly source: FeedSource
  readonly lease: Lease
  readonly following: Following = new Following()
  readonly keys: GuardKeys
  readonly issuers: GuardIssuers
  /** Snapshots completed. */
  snapshots = 0
  /** Entries received in the tail. */
  entries = 0
  /** How old the last news were at most when they came. */
  lagMs: number | undefined
  readonly #members = new Set<FeedMember>()
  readonly #reader: FeedReader
  readonly #closed: () => void
  /** Why no lease has come since the last one, in words; undefined where none is missed. */
  trouble: string | undefined
  #isStarted = false
  /** Whether a lease has come over the connection that is open. */
  #isFollowed = false
  #sweeps = 0
  #cancelSweep: (() => void) | undefined

  /** @param closed Called when the last member leaves. */
  constructor(source: FeedSource, closed: () => void) {
    const { server, credential, clock, fetch, keys, rules } = source
    this.source = source
    this.#closed = closed
    this.lease = new Lease(clock, rules)
    const log: Pick<GuardLog, 'warn'> = {
      warn: (...line) => {
        this.#say((own) => own.warn(...line))
      },
    }
    this.keys = new GuardKeys(server, { clock, fetch, keys, log })
    const changed = (): void => {
      this.#tell(({ issuersChanged }) => {
        issuersChanged()
      })
    }
    this.issuers = new GuardIssuers({ server, credential, fetch, clock, log, changed })
    this.#reader = this.#makeReader()
  }

  get connected(): boolean {
    return this.#reader.connected
  }

  /** Connections tried. */
  get connections(): number {
    return this.#reader.attempts
  }

  join(member: FeedMember): void {
    // Every log tells of a feed that is followed before it tells of its end.
    const isLate = this.#isFollowed && !this.#logs.has(member.log)
    this.#members.add(member)
    if (isLate) this.#sayTo(member, this.#sayFollowed)
  }

  /**
   * A guard is used for the first time. It does not wait for a pause that earlier failures made
   * long: between two connections, the next one is made at once.
   */
  start(): void {
    if (!this.#isStarted) this.#sweepLater()
    this.#isStarted = true
    this.#reader.start()
  }

  leave(member: FeedMember): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return
    this.#closed()
    this.lease.drop()
    this.#cancelSweep?.()
    this.#reader.close()
  }

  /** The lease is needed and not there: asks for it now. */
  renewNow(): void {
    this.#reader.renewNow()
  }

  #makeReader(): FeedReader {
    const { server, credential, name, connect, clock, random, rules } = this.source
    return new FeedReader({
      target: { server, credential },
      connect,
      clock,
      random,
      makeInstance: () => crypto.getRandomValues(new Uint8Array(16)),
      session: {
        clock,
        rules,
        lease: this.lease,
        following: this.following,
        name,
        software,
        applied: (words, count) => {
          this.entries += count
          this.#tell(({ applied }) => {
            applied(words, count)
          })
        },
        replaced: () => {
          this.#replaced()
        },
        renewed: (lagMs) => {
          this.#renewed(lagMs)
        },
      },
      disconnected: (code, reason) => {
        this.#disconnected(code, reason)
      },
    })
  }

  /**
   * The session acknowledges when this returns, for every member: so all are notified before, even
   * where one of them throws. A member that joins meanwhile is notified as well; one that leaves is
   * not.
   */
  #tell(tell: (member: FeedMember) => void): void {
    const { clock, rules } = this.source
    let told = 0
    for (const member of this.#members) {
      const call = (): void => {
        callOut(tell, member, member.failed)
      }
      if (told++ === 0 || rules.tellsAllFirst) call()
      else clock.after(0, call)
    }
  }

  /** Several guards may have one log, which gets every line once. */
  get #logs(): ReadonlyMap<GuardLog, FeedMember> {
    return new Map([...this.#members].map((member) => [member.log, member]))
  }

  #say(write: (log: GuardLog) => unknown): void {
    for (const member of this.#logs.values()) this.#sayTo(member, write)
  }

  #sayTo({ log, logFailed }: FeedMember, write: (log: GuardLog) => unknown): void {
    callOut(write, log, logFailed)
  }

  readonly #sayFollowed = (log: GuardLog): unknown =>
    log.info({ lagMs: this.lagMs }, 'the feed is followed')

  /** Another run of the server, perhaps on another database: its keys may be others as well. */
  #replaced(): void {
    this.snapshots++
    this.keys.renew()
    this.issuers.renew()
    const nowSeconds = this.source.clock.nowMs() / 1000
    this.#tell(({ replaced }) => {
      replaced(Math.max(nowSeconds, this.following.overSeconds))
    })
  }

  #renewed(lagMs: number): void {
    const isFirst = !this.#isFollowed
    this.#isFollowed = true
    this.lagMs = lagMs
    this.trouble = undefined
    this.#reader.succeeded(lagMs)
    if (isFirst) this.#say(this.#sayFollowed)
    this.#tell(({ renewed }) => {
      renewed()
    })
  }

  #disconnected(code: number, reason: string): void {
    this.#isFollowed = false
    const { server } = this.source
    const isRefused = code === closeCodes.credentialRefused
    this.trouble = isRefused ? `the server refuses the credential (${reason})` : reason
    this.#say((log) => log.warn({ server, code, reason }, 'the feed was disconnected'))
    if (!isRefused) return
    this.#tell(({ refused }) => {
      refused(reason)
    })
  }

  #sweepLater(): void {
    const { clock } = this.source
    this.#cancelSweep = clock.after(sweepEveryMs, () => {
      this.#sweepLater()
      this.following.forget(Math.floor(clock.nowMs() / 1000))
      if (++this.#sweeps % sweepsPerKeys === 0) this.keys.prefetch()
      if (this.#sweeps % sweepsPerIssuers === 0) this.issuers.refresh()
      this.issuers.tellSightings()
      this.#tell(({ swept }) => {
        swept()
      })
    })
  }
}
