/**
 * Oidc-provider as a peer: tokens tied to a grant, one confidential client that authenticates with
 * Basic, and an adapter in memory or on SQLite. Access tokens are opaque, as it issues them of
 * itself, or JWTs for one API, which it signs and does not store. The adapter on SQLite commits
 * with the same guarantee as Outright's store (WAL, synchronous=FULL); its writes are as few as the
 * adapter's interface allows, and deletes that meet no row cost no commit.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createHash, generateKeyPairSync } from 'node:crypto'
import Keygrip from 'keygrip'
import { Provider } from 'oidc-provider'
import { answerTasks } from '../http/child.ts'
import { collectGarbage, watchTasks } from '../http/watch.ts'

const ID = 'resource-server'
const SECRET = 'secretsecretsecretsecret'
const SCOPE = 'offline_access'
/** The API that access tokens are for, where they are JWTs, and its scope. */
const API = 'https://api.example/'
const API_SCOPE = 'read'
const REDIRECT = 'https://client.example/callback'
const AFTER_LOGOUT = 'https://client.example/'
const VERIFIER = 'v'.repeat(43)
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const COOKIE_KEYS = ['a key for cookies']

let provider
let server
let folder
let database
let files = 0
let client
let signsAccessTokens = false

answerTasks({ ...watchTasks(), start, prepare }, async () => {
  server?.closeAllConnections()
  server?.close()
  database?.close()
  await rm(folder, { recursive: true, force: true })
})

/** @param {{ adapter: 'memory' | 'sqlite'; accessTokens: 'opaque' | 'jwt' }} input */
async function start({ adapter, accessTokens }) {
  signsAccessTokens = accessTokens === 'jwt'
  folder = await mkdtemp(join(tmpdir(), 'outright-peer-'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  provider = new Provider('http://127.0.0.1:8081', {
    adapter: adapter === 'memory' ? memoryAdapter() : sqliteAdapter(join(folder, 'peer.db')),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: COOKIE_KEYS },
    clients: [
      {
        client_id: ID,
        client_secret: SECRET,
        redirect_uris: [REDIRECT],
        post_logout_redirect_uris: [AFTER_LOGOUT],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 36_000,
      AuthorizationCode: 3600,
      Grant: 86_400,
      IdToken: 3600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      // Without a resource, which the other tokens here do not name, access tokens stay opaque.
      resourceIndicators: {
        enabled: signsAccessTokens,
        getResourceServerInfo: () => ({
          scope: API_SCOPE,
          audience: API,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
        useGrantedResource: () => true,
      },
    },
  })
  client = await provider.Client.find(ID)
  server = provider.listen(0, '127.0.0.1')
  // A disk that stalls the event loop for seconds must not make it close connections in use.
  server.keepAliveTimeout = 0
  await new Promise((resolve) => server.once('listening', resolve))
  return server.address().port
}

/** @param {{ kind: string; count: number }} input */
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
  if (kind.startsWith('oauth-')) return oauthRequest(kind, accountId)
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

/** Of a person who is signed on in a browser and has let the client in. */
async function oauthRequest(kind, accountId) {
  const ofPerson = kind === 'oauth-login' ? 'openid' : `openid ${SCOPE}`
  const grant = new provider.Grant({ accountId, clientId: ID })
  grant.addOIDCScope(ofPerson)
  if (signsAccessTokens) grant.addResourceScope(API, API_SCOPE)
  const grantId = await grant.save()
  const authTime = Math.floor(Date.now() / 1000)
  const session = new provider.Session()
  Object.assign(session, {
    accountId,
    loginTs: authTime,
    authorizations: { [ID]: { grantId, sid: accountId } },
  })
  const facts = {
    accountId,
    client,
    grantId,
    scope: signsAccessTokens ? `${ofPerson} ${API_SCOPE}` : ofPerson,
    authTime,
    sessionUid: session.uid,
    sid: accountId,
    ...(signsAccessTokens ? { resource: API } : {}),
  }
  switch (kind) {
    case 'oauth-login': {
      await session.save(86_400)
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: ID,
        redirect_uri: REDIRECT,
        scope: ofPerson,
        state: 'state',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
      })
      return `GET /auth?${query} HTTP/1.1\r\nHost: bench\r\nCookie: ${cookieOf(session)}\r\n\r\n`
    }
    case 'oauth-code': {
      const code = await new provider.AuthorizationCode({
        ...facts,
        redirectUri: REDIRECT,
        codeChallenge: CHALLENGE,
        codeChallengeMethod: 'S256',
        gty: 'authorization_code',
      }).save()
      const grant_type = 'authorization_code'
      return post('/token', { grant_type, code, redirect_uri: REDIRECT, code_verifier: VERIFIER })
    }
    case 'oauth-refresh': {
      const token = await new provider.RefreshToken({ ...facts, gty: 'authorization_code' }).save()
      return post('/token', { grant_type: 'refresh_token', refresh_token: token })
    }
    default: {
      // What its page would send: it asks every browser that comes with a logout request.
      session.state = { secret: 'secret', clientId: ID, postLogoutRedirectUri: AFTER_LOGOUT }
      await session.save(86_400)
      return post('/session/end/confirm', { xsrf: 'secret', logout: 'yes' }, cookieOf(session))
    }
  }
}

function cookieOf({ id }) {
  const cookie = `_session=${id}`
  return `${cookie}; _session.sig=${new Keygrip(COOKIE_KEYS).sign(cookie)}`
}

function post(path, fields, cookie) {
  const body = new URLSearchParams(fields).toString()
  const basic = Buffer.from(`${ID}:${SECRET}`).toString('base64')
  return (
    `POST ${path} HTTP/1.1\r\nHost: bench\r\n` +
    (cookie ? `Cookie: ${cookie}\r\n` : `Authorization: Basic ${basic}\r\n`) +
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
