/**
 * Relying parties of OpenID Connect in a fleet. What tells them is the real receiver of
 * back-channel logout, which makes and signs each token; in place of the socket there is a
 * simulated request to a relying party that hangs, fails, refuses, or is away for an hour.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Core } from '../../../src/core/core.ts'
import { MAX_DELIVERY_ATTEMPTS } from '../../../src/core/deliver.ts'
import { receiverName, type Delivery } from '../../../src/domain/delivery.ts'
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Receiver, SendOutcome } from '../../../src/ports/delivery.ts'
import { readLogoutClaims } from '../../../src/protocol/logout-token.ts'
import { createBackchannelReceiver } from '../../../src/receivers/backchannel.ts'
import { outcomeOf } from '../../../src/receivers/exchange.ts'
import type { PostRequest } from '../../../src/receivers/post.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { Outsider } from './deliveries.ts'
import { oauth } from './dialects.ts'
import { endedInTime, type Issued } from './truth.ts'
import type { World } from './world.ts'

/** What a relying party does with a request; a number is the status that it answers. */
type Manner = 'takes' | 'loses its answer' | 'hangs' | 'closes' | number

const inTrouble: readonly Manner[] = [
  'takes',
  'takes',
  'takes',
  'loses its answer',
  'hangs',
  'closes',
  500,
  429,
  400,
]

const addresses = new Map(
  oauth.clients.map(({ id, attributes }) => [id, attributes?.backchannelLogoutUri]),
)

export class RelyingParties implements Outsider {
  readonly name = 'a relying party'
  /** Of each session, by relying party and `sid`: when its end was heard of first. */
  readonly heardAtMs: Map<string, number> = new Map()
  /** The first of them is away until then: it takes requests, and never answers. */
  awayUntilMs = 0
  readonly #world: World
  readonly #jtis = new Set<string>()
  /** Sessions whose logout token was refused for good. */
  readonly #refused = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  /** What one process tells them by. */
  receiver(process: SimulatedProcess, core: () => Core): Receiver {
    const sign = (...args: Parameters<Core['signLogoutToken']>) => core().signLogoutToken(...args)
    return createBackchannelReceiver({
      dialect: oauth.name,
      addressOf: (id) => Promise.resolve(addresses.get(id)),
      registered: () => Promise.resolve([]),
      sign: this.#world.sabotage.sign?.(sign) ?? sign,
      post: (url, request) => this.#post(process, url, request),
    })
  }

  owed(entries: readonly Revocation[]): readonly string[] {
    const ended = endedInTime(this.#world.truth, entries)
    const owed = ended.filter(({ claims }) => claims['dialect'] === oauth.name).map(nameOf)
    return [...new Set(owed)]
  }

  isSettled(name: string): boolean {
    return this.heardAtMs.has(name) || this.#refused.has(name)
  }

  complaints(): readonly string[] {
    const { truth } = this.#world
    const byName = Map.groupBy(truth.issued, nameOf)
    return [...this.heardAtMs.keys()]
      .filter((name) => {
        // Of a session that was never issued to a person, the truth is unknown.
        const issued = byName.get(name) ?? []
        return issued.length > 0 && !issued.some((one) => truth.mayHaveEnded(one))
      })
      .map((name) => `${this.name} was told of ${name}, which lives`)
  }

  /** They take what they have refused, if it comes again. */
  reconsider(): void {
    this.#refused.clear()
  }

  /** Nothing may be given up that was neither refused nor tried for days. */
  complaintsAbout(dead: readonly Delivery[]): readonly string[] {
    return dead
      .filter(({ receiver, subject, attempts, lastError }) => {
        if (attempts >= MAX_DELIVERY_ATTEMPTS) return false
        const name = `${receiverName(receiver)} ${subject}`
        return !this.#refused.has(name) || lastError !== 'it answered 400'
      })
      .map(({ receiver, lastError }) => `${receiver} was given up: ${lastError ?? 'no reason'}`)
  }

  #post(
    process: SimulatedProcess,
    url: string,
    { body, signal }: PostRequest,
  ): Promise<SendOutcome> {
    const { time, random } = this.#world
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    signal.addEventListener('abort', () => {
      resolve({ kind: 'again', error: 'it did not answer in time' })
    })
    time.after(random.between(0.5, 300), () => {
      const outcome = this.#take(url, new URLSearchParams(body).get('logout_token') ?? '')
      if (outcome === undefined) return
      process.run(() => {
        resolve(outcome)
      })
    })
    return promise
  }

  /** @returns Undefined where no answer comes. */
  #take(url: string, token: string): SendOutcome | undefined {
    const name = this.#read(url, token)
    const manner = this.#manner(url)
    switch (manner) {
      case 'hangs':
        return undefined
      case 'closes':
        return { kind: 'again', error: 'it closed the connection' }
      case 'takes':
      case 'loses its answer':
        if (!this.heardAtMs.has(name)) this.heardAtMs.set(name, this.#world.time.nowMs)
        return manner === 'takes' ? { kind: 'delivered' } : undefined
      default: {
        if (manner === 400) this.#refused.add(name)
        const headers = manner === 429 ? { 'retry-after': '2' } : {}
        return outcomeOf({ kind: 'answer', status: manner, headers, text: '' }, 0)
      }
    }
  }

  #manner(url: string): Manner {
    const { time, random, isTroubled } = this.#world
    if (addresses.get(oauth.clients[0].id) === url && time.nowMs < this.awayUntilMs) return 'hangs'
    return isTroubled ? random.pick(inTrouble) : 'takes'
  }

  /** Reads a token as a relying party does, by the clock of its signer. */
  #read(url: string, token: string): string {
    const { truth } = this.#world
    const claims = decodeJwt(token)
    const { aud, iat = 0, jti = '' } = claims
    if (this.#jtis.has(jti)) truth.complain(`the jti ${jti} came twice`)
    this.#jtis.add(jti)
    const read = readLogoutClaims(decodeProtectedHeader(token), claims, iat, 0)
    if (typeof read === 'string') {
      truth.complain(`a logout token is wrong: ${read}`)
      return ''
    }
    if (typeof aud !== 'string' || addresses.get(aud) !== url)
      truth.complain(`a logout token for ${String(aud)} went to ${url}`)
    return `${String(aud)} ${read.sid ?? ''}`
  }
}

/** Names what a relying party hears of: itself, and a session. */
function nameOf({ claims }: Pick<Issued, 'claims'>): string {
  return `${claims.client_id} ${claims.sid}`
}
