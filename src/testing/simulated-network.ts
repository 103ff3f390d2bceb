import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** How bad a network is. Probabilities are per frame, unless they say otherwise. */
export interface NetworkFaults {
  /** Least and most delay of a frame, in milliseconds. */
  readonly delayMs: readonly [number, number]
  /** The frame, and so all after it, takes up to `spikeMs` longer. */
  readonly spike: number
  readonly spikeMs: number
  /** The connection is cut. Each end learns of it after a delay of its own. */
  readonly cut: number
  /** The connection is dead from now on, and neither end learns of it. */
  readonly deaf: number
  /** Something between the two loses, doubles or swaps frames, which TCP would not. */
  readonly lose: number
  readonly double: number
  readonly swap: number
}

export const calmNetwork: NetworkFaults = {
  delayMs: [1, 5],
  spike: 0,
  spikeMs: 0,
  cut: 0,
  deaf: 0,
  lose: 0,
  double: 0,
  swap: 0,
}

/** What one end of a connection learns. */
export interface EndEvents {
  readonly frame: (bytes: Uint8Array) => void
  readonly closed: (code: number, reason: string) => void
}

/** One end of a connection. */
export interface ConnectionEnd {
  send(bytes: Uint8Array): void
  close(code: number, reason: string): void
  readonly bufferedBytes: number
}

/** Accepts a connection on a process. Undefined: nothing listens. */
export type Listener = (end: ConnectionEnd) => EndEvents | undefined

const cutCode = 1006

/** Carries frames between processes. Its faults can be changed while it runs. */
export class SimulatedNetwork {
  faults: NetworkFaults = calmNetwork
  readonly time: SimulatedTime
  readonly random: SeededRandom
  readonly #links = new Set<Link>()

  constructor(time: SimulatedTime, random: SeededRandom) {
    this.time = time
    this.random = random
  }

  /**
   * Opens a connection.
   *
   * @param client The end that opens it, with its callbacks.
   * @param server Who accepts it; `listener` is called when the opening arrives there.
   */
  connect(
    client: {
      readonly process: SimulatedProcess
      readonly events: EndEvents
      readonly opened: () => void
    },
    server: () => { readonly process: SimulatedProcess; readonly listener: Listener } | undefined,
  ): ConnectionEnd {
    const link = new Link(this, client.process, client.events)
    this.#links.add(link)
    this.time.after(this.delayMs(), () => {
      const target = server()
      if (!target?.process.alive) return link.cut()
      target.process.run(() => {
        const events = target.listener(link.serverEnd)
        if (!events) return link.cut()
        link.accept(target.process, events)
        this.time.after(this.delayMs(), () => {
          client.process.run(() => {
            if (!link.clientClosed) client.opened()
          })
        })
      })
    })
    return link.clientEnd
  }

  /** Every connection of the process ends, as the system does for one that was killed. */
  reset(process: SimulatedProcess): void {
    for (const link of this.#links) if (link.touches(process)) link.cut()
  }

  delayMs(): number {
    const { delayMs, spike, spikeMs } = this.faults
    const usualMs = this.random.between(...delayMs)
    return this.random.chance(spike) ? usualMs + this.random.between(0, spikeMs) : usualMs
  }

  forget(link: Link): void {
    this.#links.delete(link)
  }
}

/** A connection: two directions, each in order. */
class Link {
  readonly #network: SimulatedNetwork
  readonly #toServer: Direction
  readonly #toClient: Direction
  #isCut = false

  constructor(network: SimulatedNetwork, client: SimulatedProcess, events: EndEvents) {
    this.#network = network
    this.#toServer = new Direction(network, this)
    this.#toClient = new Direction(network, this)
    this.#toClient.receiver = { process: client, events }
  }

  get clientClosed(): boolean {
    return this.#toClient.closed
  }

  get clientEnd(): ConnectionEnd {
    return end(this.#toServer, this.#toClient)
  }

  get serverEnd(): ConnectionEnd {
    return end(this.#toClient, this.#toServer)
  }

  accept(process: SimulatedProcess, events: EndEvents): void {
    this.#toServer.receiver = { process, events }
  }

  touches(process: SimulatedProcess): boolean {
    return (
      this.#toServer.receiver?.process === process || this.#toClient.receiver?.process === process
    )
  }

  /** Both ends learn that it is over, some time. */
  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#network.forget(this)
    for (const direction of [this.#toServer, this.#toClient]) direction.cut(cutCode, 'cut')
  }

  /** From now on nothing arrives, and neither end learns of it. */
  deafen(): void {
    for (const direction of [this.#toServer, this.#toClient]) direction.deaf = true
  }
}

class Direction {
  receiver: { readonly process: SimulatedProcess; readonly events: EndEvents } | undefined
  /** The receiver knows of the close, or closed the connection itself: it gets nothing more. */
  closed = false
  deaf = false
  bufferedBytes = 0
  readonly #network: SimulatedNetwork
  readonly #link: Link
  #lastArrivalMs = 0
  #held: Uint8Array | undefined

  constructor(network: SimulatedNetwork, link: Link) {
    this.#network = network
    this.#link = link
  }

  send(bytes: Uint8Array): void {
    const { random, faults } = this.#network
    if (random.chance(faults.cut)) return this.#link.cut()
    if (random.chance(faults.deaf)) this.#link.deafen()
    if (this.deaf || random.chance(faults.lose)) return
    if (!this.#held && random.chance(faults.swap)) {
      this.#held = bytes
      return
    }
    this.#carry(bytes)
    if (random.chance(faults.double)) this.#carry(bytes)
    if (this.#held) this.#carry(this.#held)
    this.#held = undefined
  }

  /** Tells the receiver, behind everything that is on its way. */
  cut(code: number, reason: string): void {
    this.#arrive(() => {
      if (this.closed) return
      this.closed = true
      this.receiver?.events.closed(code, reason)
    })
  }

  #carry(bytes: Uint8Array): void {
    this.bufferedBytes += bytes.length
    // A copy, as a socket makes: the sender may use its memory again.
    const copy = bytes.slice()
    this.#arrive(() => {
      this.bufferedBytes -= copy.length
      if (!this.closed) this.receiver?.events.frame(copy)
    })
  }

  #arrive(act: () => void): void {
    const { time } = this.#network
    const atMs = Math.max(this.#lastArrivalMs, time.nowMs + this.#network.delayMs())
    this.#lastArrivalMs = atMs
    time.after(atMs - time.nowMs, () => {
      if (this.deaf) return
      if (this.receiver) this.receiver.process.run(act)
    })
  }
}

function end(outward: Direction, inward: Direction): ConnectionEnd {
  return {
    send(bytes) {
      if (!inward.closed) outward.send(bytes)
    },
    close(code, reason) {
      if (inward.closed) return
      inward.closed = true
      if (!outward.deaf) outward.cut(code, reason)
    },
    get bufferedBytes() {
      return outward.bufferedBytes
    },
  }
}
