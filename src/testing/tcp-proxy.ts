/** A network that misbehaves on demand: a TCP proxy that can cut, freeze, delay and refuse. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /** Breaks every connection with a reset. New ones are taken. */
  cut(): void
  /** Passes nothing on, in either direction, until `thaw`. Nothing is lost. */
  freeze(): void
  thaw(): void
  /** Passes every piece on this much later, in order. 0 for at once. */
  delay(ms: number): void
  /** The same for what comes from the server alone. */
  delayAnswers(ms: number): void
  /** Breaks every new connection at once, until `accept`. */
  refuse(): void
  accept(): void
  /**
   * Breaks a connection, once, when something matching arrives from a client. With `reaches` the
   * server still gets it, and only its answer is lost: the client cannot know whether its commit
   * happened. Resolves when it was broken.
   */
  cutOnRequest(trap: {
    readonly matches: (bytes: Buffer) => boolean
    readonly reaches: boolean
  }): Promise<void>
  /** Brings new connections somewhere else. */
  redirect(target: Target): void
  close(): Promise<void>
}

interface Target {
  readonly host: string
  readonly port: number
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** Starts a proxy on a free port of the loopback interface. */
export async function startTcpProxy(target: Target): Promise<TcpProxy> {
  const proxy = new MisbehavingProxy(target)
  await proxy.listen()
  return proxy
}

class MisbehavingProxy implements TcpProxy {
  readonly host = '127.0.0.1'
  #target: Target
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #frozen = false
  #refusing = false
  #delayMs = 0
  #delayAnswersMs = 0
  /** By destination: pieces on their way. */
  readonly #waiting = new Map<Socket, { readonly bytes: Buffer; readonly dueMs: number }[]>()
  #trap: (Parameters<TcpProxy['cutOnRequest']>[0] & { readonly done: () => void }) | undefined

  constructor(target: Target) {
    this.#target = target
    this.#server = createServer((client) => {
      this.#take(client)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pairs.size
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, this.host, resolve))
  }

  cut(): void {
    for (const pair of this.#pairs) drop(pair)
  }

  freeze(): void {
    this.#frozen = true
    for (const pair of this.#pairs) hold(pair)
  }

  thaw(): void {
    this.#frozen = false
    for (const { client, server } of this.#pairs) {
      this.#drain(client)
      this.#drain(server)
      client.resume()
      server.resume()
    }
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  delayAnswers(ms: number): void {
    this.#delayAnswersMs = ms
  }

  refuse(): void {
    this.#refusing = true
  }

  accept(): void {
    this.#refusing = false
  }

  cutOnRequest(trap: Parameters<TcpProxy['cutOnRequest']>[0]): Promise<void> {
    return new Promise((resolve) => {
      this.#trap = { ...trap, done: resolve }
    })
  }

  redirect(target: Target): void {
    this.#target = target
  }

  close(): Promise<void> {
    this.cut()
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }

  #take(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    const server = connect(this.#target.port, this.#target.host)
    const pair: Pair = { client, server }
    this.#pairs.add(pair)
    let answering = true
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#pairs.delete(pair)
        this.#waiting.delete(socket)
        // What was sent last still arrives.
        if (answering) drop(pair)
      })
    }
    client.on('data', (bytes) => {
      const trap = this.#trap
      if (trap?.matches(bytes)) {
        this.#trap = undefined
        answering = false
        client.resetAndDestroy()
        // The server reads what it was sent before it notices that the other end is gone.
        if (trap.reaches) server.end(bytes)
        trap.done()
        return
      }
      this.#pass(bytes, server, this.#delayMs)
    })
    server.on('data', (bytes) => {
      if (answering) this.#pass(bytes, client, this.#delayMs + this.#delayAnswersMs)
    })
    if (this.#frozen) hold(pair)
  }

  #pass(bytes: Buffer, to: Socket, delayMs: number): void {
    const waiting = this.#waiting.get(to)
    if (delayMs === 0 && !this.#frozen && waiting === undefined) {
      if (!to.destroyed) to.write(bytes)
      return
    }
    const piece = { bytes, dueMs: performance.now() + delayMs }
    if (waiting) waiting.push(piece)
    else {
      this.#waiting.set(to, [piece])
      this.#drain(to)
    }
  }

  /** Writes what is due, and comes back for the rest: a shorter delay must not overtake a longer. */
  #drain(to: Socket): void {
    const waiting = this.#waiting.get(to)
    if (!waiting || this.#frozen) return
    while (waiting.length > 0 && waiting[0]!.dueMs <= performance.now()) {
      const { bytes } = waiting.shift()!
      if (!to.destroyed) to.write(bytes)
    }
    if (waiting.length === 0) this.#waiting.delete(to)
    else setTimeout(() => this.#drain(to), Math.max(1, waiting[0]!.dueMs - performance.now()))
  }
}

function hold({ client, server }: Pair): void {
  client.pause()
  server.pause()
}

function drop({ client, server }: Pair): void {
  // A socket that is shutting down cannot be reset: its handle would stay, and keep the process.
  if (client.writableEnded) client.destroy()
  else if (!client.destroyed) client.resetAndDestroy()
  if (!server.destroyed) server.destroy()
}
