import type { Duplex } from 'node:stream'

/** Connections at once that have not shown a good credential, or were refused and linger. */
const MAX_STRANGERS = 256
/** Of those, from one caller, who cannot take the places of all others. */
const MAX_OF_ONE_CALLER = 64

/** The places of connections of which it is not known whose they are. */
export class Strangers {
  readonly #callers = new Map<string, Set<Duplex>>()
  #count = 0

  /** @returns How the place is given up, as it also is on close; undefined where there is none. */
  admit(socket: Duplex, caller: string): (() => void) | undefined {
    const own = this.#callers.get(caller) ?? new Set()
    if (this.#count >= MAX_STRANGERS || own.size >= MAX_OF_ONE_CALLER) return undefined
    this.#callers.set(caller, own.add(socket))
    this.#count++
    const leave = (): void => {
      if (!own.delete(socket)) return
      this.#count--
      if (own.size === 0) this.#callers.delete(caller)
    }
    socket.once('close', leave)
    return leave
  }
}
