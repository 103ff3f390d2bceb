/** Calls to Baanx as its clients make them, for its tests. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Reply, TestServer } from '../harness.ts'

export const key = { 'x-client-key': 'baanx-demo-key' }
export const redirectUri = 'http://127.0.0.1:8080/demo/callback'
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const challenge: string = createHash('sha256').update(verifier).digest('base64url')
export const demo = { email: 'demo@example.com', password: 'demo-password' }

type Headers = Readonly<Record<string, string>>

export interface Pair {
  readonly access_token: string
  readonly refresh_token: string
}

export function bearer(token: string): Headers {
  return { ...key, authorization: `Bearer ${token}` }
}

export function post(
  server: TestServer,
  path: string,
  body?: object | string,
  headers: Headers = key,
): Promise<Reply> {
  return server.call('POST', path, { headers, ...(body === undefined ? {} : { body }) })
}

/** The access token of a login. */
export async function login(server: TestServer, credentials: object = demo): Promise<string> {
  const reply = await post(server, '/v1/auth/login', credentials)
  assert.equal(reply.status, 200, reply.text)
  const { accessToken } = reply.json() as { accessToken: string | null }
  assert.ok(accessToken !== null, reply.text)
  return accessToken
}

/** Status of the probe: 200 while the token is alive. */
export async function probe(server: TestServer, token: string): Promise<number> {
  return (await server.call('GET', '/v1/user', { headers: bearer(token) })).status
}

export function logout(server: TestServer, token: string, headers: Headers = {}): Promise<Reply> {
  return post(server, '/v1/auth/logout', undefined, { ...bearer(token), ...headers })
}

export function revokeGrants(server: TestServer, token: string): Promise<Reply> {
  return server.call('DELETE', '/v1/auth/oauth/revoke', { headers: bearer(token) })
}

const initiation = {
  response_type: 'code',
  client_id: 'baanx-demo-oauth',
  redirect_uri: redirectUri,
  state: 'a state & more',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  mode: 'api',
}

/** `GET …/authorize/initiate`; a change of undefined leaves a parameter out. */
export function initiate(
  server: TestServer,
  changes: Readonly<Record<string, string | undefined>> = {},
  headers: Headers = key,
  base = '/v1/auth/oauth',
): Promise<Reply> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...initiation, ...changes })) {
    if (value !== undefined) query.set(name, value)
  }
  return server.call('GET', `${base}/authorize/initiate?${query.toString()}`, { headers })
}

/** A code that the demo user consented to. */
export async function obtainCode(
  server: TestServer,
  token?: string,
  base = '/v1/auth/oauth',
): Promise<string> {
  const begun = await initiate(server, {}, key, base)
  assert.equal(begun.status, 200, begun.text)
  const { token: handle } = begun.json() as { token: string }
  const headers = bearer(token ?? (await login(server)))
  const consent = await post(server, `${base}/authorize`, { token: handle }, headers)
  assert.equal(consent.status, 200, consent.text)
  return (consent.json() as { code: string }).code
}

/** The body of a code exchange. */
export function exchangeOf(code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }
}

export function redeem(server: TestServer, code: string): Promise<Reply> {
  return post(server, '/v1/auth/oauth/token', exchangeOf(code))
}

export function refresh(server: TestServer, refreshToken: string): Promise<Reply> {
  const body = { grant_type: 'refresh_token', refresh_token: refreshToken }
  return post(server, '/v1/auth/oauth/token', body)
}

/** The whole grant: initiate, authorize, exchange. */
export async function grant(server: TestServer, token?: string): Promise<Pair> {
  const reply = await redeem(server, await obtainCode(server, token))
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Pair
}

export function assertBody(reply: Reply, status: number, body: unknown): void {
  assert.equal(reply.text, JSON.stringify(body))
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
}

export function assertUnauthorized(reply: Reply): void {
  assertBody(reply, 401, { message: 'Unauthorized' })
}

export const invalidGrant = { error: 'invalid_grant' } as const

export function invalidRequest(description: string): object {
  return { error: 'invalid_request', error_description: description }
}

/** What clients look for in the answer to a locked account. */
export const lockWords: RegExp = /lock|too many (failed )?attempts|temporarily (disabled|blocked)/i
