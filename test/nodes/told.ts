/**
 * A receiver that must hear of every session that ended, and sometimes cannot: nodes tell it by a
 * receiver of the installation's own.
 */
import type { Receiver } from '../../src/ports/delivery.ts'
import { defineReceiver, type ReceiverModule } from '../../src/receivers/module.ts'
import { group, httpUrl } from '../../src/settings/schema.ts'
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import { openProvider, takes, type Behave, type Provider } from '../deliveries/provider.ts'
import { Book, type Violation } from './checker.ts'
import type { Entry, LoginCall, TokenFacts } from './history.ts'

/** A message that was taken. */
export interface Told {
  readonly id: string
  readonly sid: string
}

/** What nodes tell him by. */
export const telling: ReceiverModule = defineReceiver({
  kind: 'told',
  options: group<{ readonly url: string }>({ url: httpUrl({}) }),
  create: ({ post }, { url }): Receiver => ({
    kind: 'told',
    dialects: ['directlink', 'octopus'],
    owes: ({ entry, session: { sid } }) => ({
      name: 'one',
      subject: sid,
      about: sid,
      facts: { userId: sid, revocationId: entry.id },
    }),
    send: ({ id, facts }, signal) =>
      post(url, {
        headers: { 'outright-delivery': id },
        body: JSON.stringify({ id, ...facts }),
        signal,
      }),
  }),
})

export class Listener {
  readonly #provider: Provider
  readonly #told: Told[] = []

  private constructor(provider: Provider) {
    this.#provider = provider
  }

  /** Listens, and now and then fails, is slow, or goes away in the middle, until it is mended. */
  static async open(random: SeededRandom): Promise<Listener> {
    const listener = new Listener(await openProvider())
    const behave: Behave = (told, response) => {
      const chance = random.fraction()
      if (chance < 0.1) response.writeHead(503).end()
      else if (chance < 0.2) response.destroy()
      else {
        listener.#told.push({ id: told.id, sid: told.userId })
        // He has it, and the node does not hear of that.
        if (chance < 0.3) response.destroy()
        else setTimeout(() => response.writeHead(204).end(), chance < 0.5 ? random.below(1_000) : 0)
      }
    }
    listener.#provider.behave(behave)
    return listener
  }

  get url(): string {
    return this.#provider.url
  }

  get told(): readonly Told[] {
    return this.#told
  }

  mend(): void {
    this.#provider.behave((told, response, count) => {
      this.#told.push({ id: told.id, sid: told.userId })
      takes(told, response, count)
    })
  }

  close(): Promise<void> {
    return this.#provider.close()
  }
}

/** Sessions that ended for certain, by a clock that was right, and of which no receiver was told. */
export function untold(entries: readonly Entry[], told: readonly Told[]): readonly LoginCall[] {
  const book = new Book(entries)
  const heard = new Set(told.map(({ sid }) => sid))
  return entries.filter((entry): entry is LoginCall => {
    if (entry.op !== 'login' || entry.token === undefined) return false
    const { token } = entry
    return !heard.has(token.sid) && token.timely && book.hasEnded(token)
  })
}

/** What must not have happened once all was mended and there was time to tell of everything. */
export function checkTold(entries: readonly Entry[], told: readonly Told[]): readonly Violation[] {
  const book = new Book(entries)
  const logins = new Map<string, LoginCall & { readonly token: TokenFacts }>()
  for (const entry of entries) {
    if (entry.op === 'login' && entry.token)
      logins.set(entry.token.sid, { ...entry, token: entry.token })
  }
  const violations: Violation[] = untold(entries, told).map((entry) => ({
    rule: 'never told',
    entry,
  }))
  for (const [sid, same] of Map.groupBy(told, (one) => one.sid)) {
    const entry = logins.get(sid)
    // A login that was never answered: it is not known when it began.
    if (entry === undefined) continue
    if (new Set(same.map(({ id }) => id)).size > 1)
      violations.push({ rule: 'told under two ids', entry })
    if (!book.mayBeEnded(entry.token, Infinity))
      violations.push({ rule: 'told of what lives', entry })
  }
  return violations
}
