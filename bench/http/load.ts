/**
 * The load: keep-alive connections over raw sockets, one request in flight on each, so that every
 * request can carry a token of its own at little cost. Reads just enough of HTTP to know where an
 * answer ends; every answer must have a Content-Length or no body.
 */
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { percentile } from '../measure.ts'
import { answerTasks } from './child.ts'

export interface LoadInput {
  readonly port: number
  /** JSON file with an array of complete requests. */
  readonly requests: string
  readonly connections: number
  readonly seconds: number
  /** True: begin again after the last request. False: the sample ends when all are used up. */
  readonly cycle: boolean
  /** What every answer must have; 200 or 201 where nothing is said. */
  readonly status?: number | undefined
}

export interface LoadFigures {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Status → how often. */
  readonly statuses: Readonly<Record<string, number>>
  /** The first answer of another status than it should have, to see what went wrong. */
  readonly firstOdd: string | undefined
  /** The first answer, to see that it says what it should. */
  readonly first: string
}

const MAX_LATENCIES = 2_000_000
const HEADERS_END = Buffer.from('\r\n\r\n')

answerTasks({ load })

async function load(input: LoadInput): Promise<LoadFigures> {
  const texts = JSON.parse(await readFile(input.requests, 'utf8')) as string[]
  const run = new Run(
    texts.map((text) => Buffer.from(text, 'latin1')),
    input,
  )
  return run.finish()
}

class Run {
  readonly #requests: readonly Buffer[]
  readonly #input: LoadInput
  readonly #latencies = new Float32Array(MAX_LATENCIES)
  readonly #statuses = new Map<number, number>()
  #firstOdd: string | undefined
  #first: Buffer = Buffer.alloc(0)
  #next = 0
  #done = 0
  #endsAtMs = Number.POSITIVE_INFINITY
  #firstAnswerMs = 0

  constructor(requests: readonly Buffer[], input: LoadInput) {
    this.#requests = requests
    this.#input = input
  }

  async finish(): Promise<LoadFigures> {
    const { connections, seconds, port } = this.#input
    const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
    const startedMs = performance.now()
    this.#endsAtMs = startedMs + seconds * 1000
    await Promise.all(sockets.map((socket) => this.#drive(socket)))
    const elapsedSeconds = (this.#firstAnswerMs - startedMs) / 1000
    const latencies = this.#latencies.subarray(0, Math.min(this.#done, MAX_LATENCIES))
    return {
      requests: this.#done,
      seconds: elapsedSeconds,
      perSecond: this.#done / elapsedSeconds,
      p50Ms: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
      statuses: Object.fromEntries(this.#statuses),
      firstOdd: this.#firstOdd,
      first: this.#first.toString('latin1'),
    }
  }

  #drive({ socket, listener }: Opened): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentMs = 0
      let held: Buffer = Buffer.alloc(0)
      const send = (): void => {
        const request = this.#take()
        if (request === undefined) {
          socket.destroy()
          resolve()
          return
        }
        sentMs = performance.now()
        socket.write(request)
      }
      listener.onBytes = (bytes) => {
        const whole = held.length === 0 ? bytes : Buffer.concat([held, bytes])
        const status = this.#read(whole)
        if (status === 0) {
          // The buffer behind the bytes is used again for the next ones.
          held = Buffer.from(whole)
          return
        }
        held = Buffer.alloc(0)
        this.#count(status, sentMs, whole)
        send()
      }
      socket.on('error', reject)
      socket.on('close', () => {
        reject(new Error('the server closed a connection'))
      })
      send()
    })
  }

  #take(): Buffer | undefined {
    if (performance.now() >= this.#endsAtMs) return undefined
    if (this.#next === this.#requests.length && this.#input.cycle) this.#next = 0
    return this.#requests[this.#next++]
  }

  /** The status of a whole answer; 0 where some of it is still to come. */
  #read(bytes: Buffer): number {
    const end = bytes.indexOf(HEADERS_END)
    if (end < 0) return 0
    const head = bytes.toString('latin1', 0, end)
    const at = head.search(/\ncontent-length: /i)
    const length = at < 0 ? 0 : Number.parseInt(head.slice(at + 17), 10)
    if (bytes.length < end + HEADERS_END.length + length) return 0
    return Number(head.slice(9, 12))
  }

  #isRight(status: number): boolean {
    const { status: wanted } = this.#input
    return wanted === undefined ? status === 200 || status === 201 : status === wanted
  }

  #count(status: number, sentMs: number, answer: Buffer): void {
    this.#firstAnswerMs = performance.now()
    if (this.#done < MAX_LATENCIES) this.#latencies[this.#done] = this.#firstAnswerMs - sentMs
    this.#done += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (this.#done === 1) this.#first = Buffer.from(answer)
    if (!this.#isRight(status)) this.#firstOdd ??= answer.toString('latin1')
  }
}

interface Opened {
  readonly socket: Socket
  readonly listener: Listener
}

interface Listener {
  onBytes: (bytes: Buffer) => void
}

function open(port: number): Promise<Opened> {
  const listener: Listener = { onBytes: () => undefined }
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(65_536),
        callback: (length, { buffer, byteOffset }) => {
          listener.onBytes(Buffer.from(buffer, byteOffset, length))
          return true
        },
      },
    })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve({ socket, listener })
    })
  })
}
