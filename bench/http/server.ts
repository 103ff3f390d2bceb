/**
 * Outright as the benches measure it: the composition that `serve` uses, with no access log and no
 * rate limits, in a process that can also prepare the requests for its own load.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintId } from '../../src/core/mint-id.ts'
import { clientSubject } from '../../src/domain/identity.ts'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { answerTasks } from './child.ts'
import { addOAuthClient, isOAuthKind, oauthRequest, type OAuthKind } from './oauth-requests.ts'
import { ADMIN_TOKEN, fillSessions } from './fill.ts'
import { collectGarbage, watchTasks } from './watch.ts'

export interface StartInput {
  readonly durability: 'full' | 'off'
  /** A folder that outlives the process; one of its own that it removes where none is named. */
  readonly dataDir?: string
  /** Live sessions of one client that are stored before the server starts. */
  readonly sessions?: number
}

export interface PrepareInput {
  readonly kind: 'logout' | 'check' | 'refresh' | 'introspection' | 'revocation' | OAuthKind
  readonly count: number
}

const ISSUER = 'http://127.0.0.1:8080'
const HOUR_MS = 3_600_000
/** Refreshes come from as many clients: one that refreshed thousands of times a second is no API's. */
const OCTOPUS_CLIENTS = 1000
const AT_ONCE = 256
const AUDIENCE = 'bench-api'
/** Who asks about tokens, and who revokes its own: each authenticates as the peer's client does. */
const caller = { id: 'resource-server', secret: 'bench-only-secret-0123456789' } as const

const random = systemRandom()
let composition: Composition | undefined
let files = 0
let folder = ''
let keepsFolder = false

answerTasks({ ...watchTasks(), start, prepare }, async () => {
  await composition?.close()
  if (!keepsFolder) await rm(folder, { recursive: true, force: true })
})

async function start({ durability, dataDir, sessions }: StartInput): Promise<number> {
  keepsFolder = dataDir !== undefined
  folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'outright-bench-')))
  const config = await loadConfig(
    {},
    {
      dataDir: folder,
      durability,
      issuer: ISSUER,
      adminToken: ADMIN_TOKEN,
      accessLog: false,
      rateLimitFactor: 1e6,
      audiences: [AUDIENCE],
      resourceServers: [{ ...caller, audiences: [AUDIENCE] }],
    },
  )
  const world = {
    clock: systemClock,
    random,
    log: silentLog,
    otpSender: { send: () => Promise.resolve() },
  }
  if (sessions !== undefined) {
    // The first composition makes the file and its schema.
    await (await compose(config, world)).close()
    fillSessions(join(folder, 'outright.db'), sessions, () => mintId(random, Date.now()))
  }
  composition = await compose(config, world)
  await composition.app.listen({ host: '127.0.0.1', port: 0 })
  return (composition.app.server.address() as AddressInfo).port
}

/** Opens sessions and writes a request for each into a file. @returns The file's path. */
async function prepare({ kind, count }: PrepareInput): Promise<string> {
  if (kind === 'refresh') await addOctopusClients()
  if (kind === 'revocation') await addCaller()
  if (isOAuthKind(kind)) await addOAuthClient(core())
  const requests: string[] = []
  while (requests.length < count) {
    const many = Math.min(AT_ONCE, count - requests.length)
    const first = requests.length
    requests.push(
      ...(await Promise.all(Array.from({ length: many }, (_, at) => request(kind, first + at)))),
    )
  }
  const path = join(folder, `requests-${String((files += 1))}.json`)
  await writeFile(path, JSON.stringify(requests.splice(0)))
  collectGarbage()
  return path
}

async function request(kind: PrepareInput['kind'], index: number): Promise<string> {
  if (kind === 'refresh') return refreshRequest(String(1000 + (index % OCTOPUS_CLIENTS)))
  if (kind === 'revocation') return revocationRequest(index)
  if (isOAuthKind(kind)) return oauthRequest(core(), kind, ISSUER)
  const { access } = await core().openSession({
    subjectId: `subject-${String(index)}`,
    clientId: 'directlink',
    dialect: 'directlink',
    audience: `${ISSUER}/directlink/v1`,
    accessLifetimeMs: HOUR_MS,
  })
  if (kind === 'introspection') return post('/oauth2/introspect', access.token)
  const line = kind === 'logout' ? 'POST /directlink/v1/auth/logout' : 'GET /outright/v1/check'
  const length = kind === 'logout' ? 'Content-Length: 0\r\n' : ''
  return `${line} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${access.token}\r\n${length}\r\n`
}

async function revocationRequest(index: number): Promise<string> {
  const { refresh } = await core().openSession({
    subjectId: `subject-${String(index)}`,
    clientId: caller.id,
    dialect: 'octopus',
    audience: 'octopus',
    accessLifetimeMs: HOUR_MS,
    refreshLifetimeMs: 24 * HOUR_MS,
  })
  return post('/oauth2/revoke', refresh?.token ?? '')
}

function post(path: string, token: string): string {
  const body = new URLSearchParams({ token }).toString()
  const basic = Buffer.from(`${caller.id}:${caller.secret}`).toString('base64')
  return (
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic ${basic}\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\n' +
    `Content-Length: ${String(body.length)}\r\n\r\n${body}`
  )
}

async function refreshRequest(clientId: string): Promise<string> {
  const { refresh } = await core().openSession({
    subjectId: clientSubject(clientId),
    clientId,
    dialect: 'octopus',
    audience: 'octopus',
    accessLifetimeMs: HOUR_MS,
    refreshLifetimeMs: 24 * HOUR_MS,
  })
  const body = JSON.stringify({ refresh_token: refresh?.token })
  return (
    'POST /auth/refresh HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${String(body.length)}\r\n\r\n${body}`
  )
}

let isCallerAdded = false

async function addCaller(): Promise<void> {
  if (isCallerAdded) return
  isCallerAdded = true
  const secretHash = await core().hashSecret(caller.secret)
  await core().clients.create({ ...noClient, id: caller.id, key: caller.id, secretHash })
}

const noClient = {
  name: '',
  dialect: 'octopus',
  secretHash: undefined,
  allowlist: [],
  redirectUris: [],
  status: 'active',
  createdAtMs: 0,
  attributes: {},
} as const

let clientsAdded = false

async function addOctopusClients(): Promise<void> {
  if (clientsAdded) return
  clientsAdded = true
  const { clients } = core()
  await Promise.all(
    Array.from({ length: OCTOPUS_CLIENTS }, (_, index) =>
      clients.create({
        ...noClient,
        id: String(1000 + index),
        key: `bench-${String(index)}`,
      }),
    ),
  )
}

function core(): Composition['core'] {
  if (composition === undefined) throw new Error('the server is not started')
  return composition.core
}
