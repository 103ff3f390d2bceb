/**
 * A real server for tests: demo identities, SQLite in a folder of its own, real HTTP over loopback,
 * and a wall clock that tests may move.
 */
import { request as httpRequest } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Core } from '../src/core/core.ts'
import type { Store } from '../src/ports/store.ts'
import { compose } from '../src/server/compose.ts'
import { loadConfig, type ConfigFile } from '../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../src/server/system.ts'

export interface Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json(): any
}

export interface CallOptions {
  /** Pairs may repeat a name. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  /** An object is sent as JSON with its content type. */
  readonly body?: string | Buffer | URLSearchParams | object
}

export interface SentOtp {
  readonly to: string
  readonly code: string
  readonly dialect: string
}

export interface TestServer {
  readonly url: string
  /** Redirects are not followed. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** Moves the server's wall clock forward. */
  advance(ms: number): void
  readonly otps: SentOtp[]
  readonly core: Core
  readonly store: Store
  close(): Promise<void>
}

/** Cheap on purpose: tests log in thousands of times. */
const cheapPasswords = { memoryKiB: 64, passes: 1 }

/** Starts a server; close it when the test ends. */
export async function startTestServer(
  options: { readonly config?: ConfigFile; readonly publicUrlIsOwn?: boolean } = {},
): Promise<TestServer> {
  const port = options.publicUrlIsOwn === true ? await freePort() : 0
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-test-'))
  const config = await loadConfig(
    {},
    {
      demo: true,
      port: 0,
      dataDir,
      issuer: `http://127.0.0.1:${String(port === 0 ? 8080 : port)}`,
      passwordCost: cheapPasswords,
      accessLog: false,
      ...options.config,
    },
  )
  let offsetMs = 0
  const otps: SentOtp[] = []
  const composition = await compose(config, {
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs },
    random: systemRandom(),
    log: silentLog,
    otpSender: {
      send: (message) => {
        otps.push(message)
        return Promise.resolve()
      },
    },
  })
  await composition.app.listen({ host: '127.0.0.1', port })
  const { port: bound } = composition.app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${String(bound)}`
  return {
    url,
    call: (method, path, callOptions = {}) => call(url, method, path, callOptions),
    advance(ms) {
      offsetMs += ms
    },
    otps,
    core: composition.core,
    store: composition.store,
    async close() {
      await composition.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** For servers that must know their own address before they listen. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** One HTTP request, exactly as it is given. */
export function call(
  url: string,
  method: string,
  path: string,
  options: CallOptions,
): Promise<Reply> {
  const { body } = options
  const headers: [string, string][] = headerPairs(options.headers).map(([name, value]) => [
    name,
    value,
  ])
  const has = (name: string): boolean => headers.some(([known]) => known.toLowerCase() === name)
  let payload: string | Buffer | undefined
  if (body instanceof URLSearchParams) {
    payload = body.toString()
    if (!has('content-type')) headers.push(['content-type', 'application/x-www-form-urlencoded'])
  } else if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    payload = body
  } else {
    payload = JSON.stringify(body)
    if (!has('content-type')) headers.push(['content-type', 'application/json'])
  }
  if (payload !== undefined && !has('content-length') && !has('transfer-encoding')) {
    headers.push(['content-length', String(Buffer.byteLength(payload))])
  }
  const target = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: target.hostname, port: target.port, method, path, agent: false },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const received: Record<string, string> = {}
          for (const [name, value] of Object.entries(incoming.headers)) {
            received[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
          }
          resolve({
            status: incoming.statusCode ?? 0,
            headers: received,
            text,
            json: () => JSON.parse(text) as unknown,
          })
        })
      },
    )
    outgoing.on('error', reject)
    for (const name of new Set(headers.map(([known]) => known.toLowerCase()))) {
      const values = headers.filter(([known]) => known.toLowerCase() === name).map(([, v]) => v)
      outgoing.setHeader(name, values.length === 1 ? (values[0] ?? '') : values)
    }
    outgoing.end(payload)
  })
}

function headerPairs(headers: CallOptions['headers']): readonly (readonly [string, string])[] {
  if (headers === undefined) return []
  return isPairs(headers) ? headers : Object.entries(headers)
}

function isPairs(
  headers: NonNullable<CallOptions['headers']>,
): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers)
}
