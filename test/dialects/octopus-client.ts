/** A server of Octopus, its calls as a client makes them, and its errors. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

export const office = { 'x-forwarded-for': '203.0.113.7' }

type Headers = Readonly<Record<string, string>>

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly access_expires_at: string
  readonly refresh_expires_at: string
  readonly client_id: number
}

/** What the tests of a file call. */
interface OctopusCalls {
  readonly server: TestServer
  readonly loginCall: (name?: string, headers?: Headers) => Promise<Reply>
  readonly login: (name?: string, headers?: Headers) => Promise<Tokens>
  readonly refresh: (refreshToken: unknown, headers?: Headers) => Promise<Reply>
  readonly logout: (token: string, headers?: Headers) => Promise<Reply>
  readonly wallets: (token: string, headers?: Headers) => Promise<Reply>
}

/** Starts a server for the tests that follow, and stops it behind them. */
export async function useOctopus(): Promise<OctopusCalls> {
  // The office client's allowlist is tried by forwarding its address as a trusted proxy would.
  const server = await startTestServer({
    config: { trustedProxies: ['127.0.0.1'] },
    frozenClocks: true,
  })
  after(() => server.close())

  function loginCall(name = 'demo', headers: Headers = {}): Promise<Reply> {
    const body = { username: `octopus-${name}-key`, password: `octopus-${name}-secret` }
    return server.call('POST', '/auth/login', { headers, body })
  }

  async function login(name = 'demo', headers: Headers = {}): Promise<Tokens> {
    const reply = await loginCall(name, headers)
    assert.equal(reply.status, 200, reply.text)
    return (reply.json() as { data: Tokens }).data
  }

  function refresh(refreshToken: unknown, headers: Headers = {}): Promise<Reply> {
    return server.call('POST', '/auth/refresh', { headers, body: { refresh_token: refreshToken } })
  }

  function logout(token: string, headers: Headers = {}): Promise<Reply> {
    return server.call('POST', '/auth/logout', { headers: { ...bearer(token), ...headers } })
  }

  function wallets(token: string, headers: Headers = {}): Promise<Reply> {
    return server.call('GET', '/api/v1/wallets', { headers: { ...bearer(token), ...headers } })
  }

  return { server, loginCall, login, refresh, logout, wallets }
}

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` }
}

export function assertError(
  reply: Reply,
  status: number,
  name: string,
  code: string,
  text: string,
): void {
  assert.equal(reply.text, `{"error":{"name":"${name}","code":"${code}","message":"${text}"}}`)
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
  assert.notEqual(reply.headers['x-request-id'], undefined)
}

export function assertUnauthorized(reply: Reply, message: string): void {
  assertError(reply, 401, 'UnauthorizedError', 'UNAUTHORIZED', message)
  assert.equal(reply.headers['www-authenticate'], 'Bearer')
}
