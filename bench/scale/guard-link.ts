/** A guard's connection to a node: two directions, each whole and in order, as TCP has it. */
import type { FeedConnection, FeedConnectionEvents } from '../../src/feed/connection.ts'
import type { FeedSocket, FeedSocketEvents } from '../../src/guard/transport.ts'
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import type { EventQueue } from './event-queue.ts'
import type { Geography } from './geography.ts'
import type { Meter } from './meter.ts'

/** Where something happens: a process in a region. */
export interface Place {
  readonly process: SimulatedProcess
  readonly region: number
}

/** What all connections run on. */
export interface Wires {
  readonly time: EventQueue
  readonly random: SeededRandom
  readonly geography: Geography
  readonly meter: Meter
}

export interface GuardEnd extends Place {
  readonly events: FeedSocketEvents
  /** How much longer a frame may take now; 0 usually. */
  readonly slowMs: () => number
}

/** A node that accepts connections. */
export interface NodeEnd extends Place {
  readonly accept: (connection: FeedConnection) => FeedConnectionEvents
  readonly links: Set<GuardLink>
}

const cutCode = 1006

export class GuardLink {
  readonly #wires: Wires
  readonly #guard: GuardEnd
  readonly #node: NodeEnd
  #nodeEvents: FeedConnectionEvents | undefined
  #guardClosed = false
  #nodeClosed = false
  #toGuardMs = 0
  #toNodeMs = 0
  #bufferedBytes = 0

  constructor(wires: Wires, guard: GuardEnd, node: NodeEnd) {
    this.#wires = wires
    this.#guard = guard
    this.#node = node
    this.#toNode(() => {
      node.links.add(this)
      this.#nodeEvents = node.accept(this.#connection())
      this.#toGuard(() => {
        if (!this.#guardClosed) guard.events.opened()
      })
    })
  }

  /** The guard's end. */
  get socket(): FeedSocket {
    return {
      send: (frame) => {
        if (this.#guardClosed) return
        this.#wires.meter.frame(frame)
        this.#toNode(() => {
          this.#arriveAtNode(frame)
        })
      },
      close: (code, reason) => {
        if (this.#guardClosed) return
        this.#endGuard(code, reason)
        this.#toNode(() => {
          this.#endNode()
        })
      },
    }
  }

  /** The node's process is gone: the system tells the guard. */
  reset(): void {
    this.#cut()
  }

  #connection(): FeedConnection {
    const buffered = (): number => this.#bufferedBytes
    return {
      // Frames are shared by all guards and not copied: no code writes to one that was sent.
      send: (frame) => {
        if (this.#nodeClosed) return
        this.#wires.meter.frame(frame)
        this.#bufferedBytes += frame.length
        this.#toGuard(() => {
          this.#arriveAtGuard(frame)
        })
      },
      close: (code, reason) => {
        this.#nodeClosed = true
        this.#node.links.delete(this)
        this.#toGuard(() => {
          this.#endGuard(code, reason)
        })
      },
      get bufferedBytes() {
        return buffered()
      },
    }
  }

  #arriveAtNode(frame: Uint8Array): void {
    if (this.#nodeClosed) return
    const { meter } = this.#wires
    const startMs = meter.begin('node', frame[0]!)
    this.#nodeEvents?.frame(frame)
    meter.end('node', frame[0]!, startMs)
  }

  #arriveAtGuard(frame: Uint8Array): void {
    this.#bufferedBytes -= frame.length
    if (this.#guardClosed) return
    const { meter } = this.#wires
    const startMs = meter.begin('guard', frame[0]!)
    this.#guard.events.frame(frame)
    meter.end('guard', frame[0]!, startMs)
  }

  #cut(): void {
    this.#node.links.delete(this)
    this.#nodeClosed = true
    this.#toGuard(() => {
      this.#endGuard(cutCode, 'cut')
    })
  }

  #endGuard(code: number, reason: string): void {
    if (this.#guardClosed) return
    this.#guardClosed = true
    this.#guard.events.closed(code, reason)
  }

  #endNode(): void {
    if (this.#nodeClosed) return
    this.#nodeClosed = true
    this.#node.links.delete(this)
    this.#nodeEvents?.closed()
  }

  #toGuard(act: () => void): void {
    const { time } = this.#wires
    this.#toGuardMs = Math.max(this.#toGuardMs, time.nowMs + this.#delayMs())
    time.after(this.#toGuardMs - time.nowMs, act, this.#guard)
  }

  #toNode(act: () => void): void {
    const { time } = this.#wires
    this.#toNodeMs = Math.max(this.#toNodeMs, time.nowMs + this.#delayMs())
    time.after(this.#toNodeMs - time.nowMs, act, this.#node)
  }

  #delayMs(): number {
    const { geography, random } = this.#wires
    const slowMs = this.#guard.slowMs()
    const usualMs = geography.delayMs(this.#guard.region, this.#node.region)
    return slowMs === 0 ? usualMs : usualMs + random.fraction() * slowMs
  }
}
