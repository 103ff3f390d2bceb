/**
 * The notifier: how a node hears at once that another has written. It carries no news, only that
 * there is some, so it may be lost or come for nothing: a listener also looks from time to time.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Connection } from './connection.ts'
import { Link, type LinkOptions } from './link.ts'
import { CHANNEL } from './log.ts'

/** How soon a lost connection of the notifier is made again, milliseconds. */
const RETRY_MS = 250

/**
 * How often it is tried whether the database still hears, milliseconds: who only listens does not
 * notice that the other end has vanished.
 */
const TRY_EVERY_MS = 5_000

export class Notifier {
  readonly #link: Link
  readonly #clock: Clock
  #listeners: readonly ((payload: string) => void)[] = []
  #closed = false
  #stopTimer: (() => void) | undefined
  #stopTrying: (() => void) | undefined

  constructor(options: Omit<LinkOptions, 'prepare'>) {
    this.#clock = options.clock
    this.#link = new Link({
      ...options,
      prepare: (connection) => this.#listen(connection),
    })
  }

  /** Begins to listen. A database that is away is tried again in the background. */
  async open(): Promise<void> {
    if (this.#closed) return
    try {
      await this.#link.connect()
      // Something may have been missed meanwhile.
      this.#notify('')
    } catch {
      if (this.#closed) return
      this.#stopTimer = this.#clock.after(RETRY_MS, () => {
        void this.open()
      })
    }
  }

  /** Calls back with what was sent: `log <stream>`, `node <name>`, or empty for anything. */
  onNotification(listener: (payload: string) => void): () => void {
    const added = (payload: string): void => {
      listener(payload)
    }
    this.#listeners = [...this.#listeners, added]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== added)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopTimer?.()
    this.#stopTrying?.()
    await this.#link.close()
  }

  async #listen(connection: Connection): Promise<void> {
    connection.onNotification((payload) => {
      this.#notify(payload)
    })
    connection.onLost(() => {
      if (!this.#closed) void this.open()
    })
    await connection.command(`LISTEN ${CHANNEL}`)
    this.#tryLater(connection)
  }

  #tryLater(connection: Connection): void {
    this.#stopTrying?.()
    this.#stopTrying = this.#clock.after(TRY_EVERY_MS, () => {
      if (this.#closed || connection.lost) return
      connection.command('SELECT 1').then(
        () => {
          this.#tryLater(connection)
        },
        () => {
          connection.destroy()
        },
      )
    })
  }

  #notify(payload: string): void {
    for (const listener of this.#listeners) listener(payload)
  }
}
