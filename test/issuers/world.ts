/** A server with an issuer of others, and a guard that follows it. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard, type Guard, type GuardOptions } from '../../src/guard/index.ts'
import type { ConfigFile } from '../../src/server/config.ts'
import type { GivenIssuer } from '../../src/server/issuer-settings.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { startIssuer, type TestIssuer } from './test-issuer.ts'

export interface IssuerWorld {
  readonly server: TestServer
  readonly idp: TestIssuer
  readonly guard: Guard
  /** A token of a Keycloak's shape, of maria's session `s1` at the client `web`. */
  token(claims?: object): Promise<string>
  end(body: object): Promise<Reply>
  backchannel(logoutToken: string, name?: string): Promise<Reply>
  /** The verdict of the guard and of the node, which must be the same: the reason, or `ok`. */
  verdict(token: string): Promise<string>
  newGuard(options?: Partial<GuardOptions>): Guard
}

let numbers = 0

/** The guard's verdict, the reason or `ok`; whether the token is good, the node must say as well. */
export async function wordOf(server: TestServer, guard: Guard, token: string): Promise<string> {
  const verdict = await guard.check(token)
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await server.call('GET', '/outright/v1/check', { headers })
  assert.equal(status === 200, verdict.ok, 'guard and node agree')
  return verdict.ok ? 'ok' : verdict.reason
}

/** Resolves in the next second, whose tokens a cut-off of now leaves alone; its Unix time. */
export async function nextSecond(): Promise<number> {
  const next = Math.floor(Date.now() / 1000) + 1
  // A timer may be a moment early.
  while (Date.now() < 1000 * next) await sleep(1000 * next - Date.now())
  return next
}

/** Ends something through the admin API. */
export async function endAt(server: TestServer, body: object): Promise<void> {
  const headers = { authorization: 'Bearer outright-demo-admin' }
  const reply = await server.call('POST', '/outright/v1/revocations', { headers, body })
  assert.equal(reply.status, 201, reply.text)
}

/**
 * @param also What the configuration says of the issuer besides.
 * @param config What it says besides.
 */
export function useIssuers(also: Partial<GivenIssuer> = {}, config: ConfigFile = {}): IssuerWorld {
  let server: TestServer | undefined
  let idp: TestIssuer | undefined
  let guard: Guard | undefined
  const guards: Guard[] = []
  before(async () => {
    idp = await startIssuer()
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: {
        ...config,
        issuers: [
          {
            name: 'keycloak',
            issuer: idp.url,
            profile: 'keycloak',
            audience: ['orders'],
            logoutClients: ['outright'],
            clockSkewMs: 0,
            ...also,
          },
        ],
      },
    })
    guard = world.newGuard()
    await guard.ready()
  })
  after(async () => {
    for (const one of guards) one.close()
    await server?.close()
    await idp?.close()
  })
  const running = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('it is not running')
    return value
  }
  const post = (path: string, headers: Record<string, string>, body: object): Promise<Reply> =>
    world.server.call('POST', `/outright/v1${path}`, { headers, body })
  const world: IssuerWorld = {
    get server() {
      return running(server)
    },
    get idp() {
      return running(idp)
    },
    get guard() {
      return running(guard)
    },
    token: (claims = {}) =>
      world.idp.sign(
        {
          jti: `j${String(++numbers)}`,
          aud: ['orders', 'account'],
          sub: 'maria',
          typ: 'Bearer',
          azp: 'web',
          sid: 's1',
          ...claims,
        },
        { typ: 'JWT' },
      ),
    end: (body) => post('/revocations', { authorization: 'Bearer outright-demo-admin' }, body),
    backchannel: (logoutToken, name = 'keycloak') =>
      post(
        `/issuers/${name}/backchannel-logout`,
        {},
        new URLSearchParams({ logout_token: logoutToken }),
      ),
    async verdict(token) {
      const verdict = await world.guard.check(token)
      const reply = await world.server.call('GET', '/outright/v1/check', {
        headers: { authorization: `Bearer ${token}` },
      })
      const word = verdict.ok ? 'ok' : verdict.reason
      const node = reply.status === 200 ? 'ok' : (reply.headers['www-authenticate'] ?? '')
      const same = { ok: 'ok', revoked: 'revoked', expired: 'expired', invalid: 'not valid' }
      const expected = (same as Readonly<Record<string, string>>)[word] ?? 'realm="outright"'
      return node.includes(expected) ? word : `${word} at the guard, ${node} at the node`
    },
    newGuard(options = {}) {
      const made = createGuard({
        server: world.server.url,
        credential: 'outright-demo-guard',
        name: `guard-${String(++numbers)}`,
        ...options,
      })
      guards.push(made)
      return made
    },
  }
  return world
}
