/**
 * Oidc-provider as a peer: opaque tokens tied to a grant, one confidential client that
 * authenticates with Basic, and an adapter in memory or on SQLite. The adapter on SQLite commits
 * with the same guarantee as Outright's store (WAL, synchronous=FULL); its writes are as few as the
 * adapter's interface allows, and deletes that meet no row cost no commit.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { answerTasks } from '../http/child.ts'
import { collectGarbage, watchTasks } from '../http/watch.ts'

const ID = 'resource-server'
const SECRET = 'secretsecretsecretsecret'
const SCOPE = 'offline_access'

let provider
let server
let folder
let database
let files = 0
let client

answerTasks({ ...watchTasks(), start, prepare }, async () => {
  server?.closeAllConnections()
  server?.close()
  database?.close()
  await rm(folder, { recursive: true, force: true })
})

/** @param {{ adapter: 'memory' | 'sqlite' }} input */
async function start({ adapter }) {
  folder = await mkdtemp(join(tmpdir(), 'outright-peer-'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  provider = new Provider('http://127.0.0.1:8081', {
    adapter: adapter === 'memory' ? memoryAdapter() : sqliteAdapter(join(folder, 'peer.db')),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['a key for cookies that nobody sets'] },
    clients: [
      {
        client_id: ID,
        client_secret: SECRET,
        redirect_uris: ['https://client.example/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 36_000, RefreshToken: 86_400, Grant: 86_400 },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
  })
  client = await provider.Client.find(ID)
  server = provider.listen(0, '127.0.0.1')
  // A disk that stalls the event loop for seconds must not make it close connections in use.
  server.keepAliveTimeout = 0
  await new Promise((resolve) => server.once('listening', resolve))
  return server.address().port
}

/** @param {{ kind: 'logout' | 'check' | 'refresh'; count: number }} input */
async function prepare({ kind, count }) {
  const requests = []
  // Preparing is not measured: one transaction for all of it.
  database?.exec('BEGIN')
  for (let index = 0; index < count; index++) requests.push(await request(kind, `user-${index}`))
  database?.exec('COMMIT')
  const path = join(folder, `requests-${(files += 1)}.json`)
  await writeFile(path, JSON.stringify(requests.splice(0)))
  collectGarbage()
  return path
}

async function request(kind, accountId) {
  const grant = new provider.Grant({ accountId, clientId: ID })
  grant.addOIDCScope(SCOPE)
  const grantId = await grant.save()
  const facts = { accountId, client, grantId, scope: SCOPE, gty: 'authorization_code' }
  const Model = kind === 'check' ? provider.AccessToken : provider.RefreshToken
  const token = await new Model(facts).save()
  switch (kind) {
    case 'logout':
      return post('/token/revocation', { token, token_type_hint: 'refresh_token' })
    case 'refresh':
      return post('/token', { grant_type: 'refresh_token', refresh_token: token })
    default:
      return post('/token/introspection', { token, token_type_hint: 'access_token' })
  }
}

function post(path, fields) {
  const body = new URLSearchParams(fields).toString()
  const basic = Buffer.from(`${ID}:${SECRET}`).toString('base64')
  return (
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic ${basic}\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}

/** A plain map: the adapter in memory that comes with it forgets all but a thousand tokens. */
function memoryAdapter() {
  const items = new Map()
  const grants = new Map()
  return class {
    constructor(name) {
      this.name = name
    }
    async upsert(id, payload) {
      const key = `${this.name}:${id}`
      items.set(key, payload)
      const { grantId } = payload
      if (grantId === undefined) return
      if (!grants.has(grantId)) grants.set(grantId, new Set())
      grants.get(grantId).add(key)
    }
    async find(id) {
      return items.get(`${this.name}:${id}`)
    }
    async findByUid() {
      return undefined
    }
    async findByUserCode() {
      return undefined
    }
    async consume(id) {
      items.get(`${this.name}:${id}`).consumed = Math.floor(Date.now() / 1000)
    }
    async destroy(id) {
      items.delete(`${this.name}:${id}`)
    }
    async revokeByGrantId(grantId) {
      for (const key of grants.get(grantId) ?? []) items.delete(key)
      grants.delete(grantId)
    }
  }
}

function sqliteAdapter(path) {
  database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA cache_size = -65536')
  database.exec(`
    CREATE TABLE items (
      name TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT,
      PRIMARY KEY (name, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX items_by_grant ON items (grant_id) WHERE grant_id IS NOT NULL;
  `)
  const upsert = database.prepare(
    `INSERT INTO items (name, id, payload, grant_id) VALUES (?, ?, ?, ?)
     ON CONFLICT (name, id) DO UPDATE SET payload = excluded.payload`,
  )
  const find = database.prepare('SELECT payload FROM items WHERE name = ? AND id = ?')
  const consume = database.prepare(
    `UPDATE items SET payload = json_set(payload, '$.consumed', ?) WHERE name = ? AND id = ?`,
  )
  const destroy = database.prepare('DELETE FROM items WHERE name = ? AND id = ?')
  const revoke = database.prepare('DELETE FROM items WHERE grant_id = ?')
  return class {
    constructor(name) {
      this.name = name
    }
    async upsert(id, payload) {
      upsert.run(this.name, id, JSON.stringify(payload), payload.grantId ?? null)
    }
    async find(id) {
      const row = find.get(this.name, id)
      return row && JSON.parse(row.payload)
    }
    async findByUid() {
      return undefined
    }
    async findByUserCode() {
      return undefined
    }
    async consume(id) {
      consume.run(Math.floor(Date.now() / 1000), this.name, id)
    }
    async destroy(id) {
      destroy.run(this.name, id)
    }
    async revokeByGrantId(grantId) {
      revoke.run(grantId)
    }
  }
}
