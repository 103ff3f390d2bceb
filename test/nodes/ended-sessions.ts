/** Sessions of several dialects, each with the call that ends it, for servers in other processes. */
import assert from 'node:assert/strict'
import { deviceCall, logIn, logOut } from '../dialects/adobe-pass-kit.ts'
import * as baanx from '../dialects/baanx-calls.ts'
import type { Reply, TestServer } from '../harness.ts'
import { ask, askUntilAnswered, type Child } from './processes.ts'

const maria = { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` }

export interface EndedSession {
  readonly dialect: string
  /** What a guard is asked about. */
  readonly token: string
  readonly logout: (server: TestServer) => Promise<Reply>
}

/** A process as the helpers of the dialects call a server; rejects where it does not answer. */
export function serverOf(child: Child): TestServer {
  return asServer(async (...call) => {
    const reply = await ask(child, ...call)
    assert.ok(reply !== undefined, 'no answer')
    return reply
  })
}

/** The same for callers that try again where that helps. */
export function patientServerOf(child: Child): TestServer {
  return asServer(async (...call) => (await askUntilAnswered(child, ...call)).reply)
}

function asServer(call: TestServer['call']): TestServer {
  const server: Pick<TestServer, 'call'> = { call }
  // Nothing else of it is of use from outside.
  return server as TestServer
}

/** Logs in with every dialect whose answer to a repeated logout is of another kind. */
export function sessionsOf(server: TestServer, deviceId: string): Promise<readonly EndedSession[]> {
  return Promise.all([
    directLink(server),
    adobePass(server, deviceId),
    grant(server),
    login(server),
  ])
}

async function directLink(server: TestServer): Promise<EndedSession> {
  const reply = await server.call('POST', '/directlink/v1/auth/login', { headers: maria })
  const { bearer: token } = reply.json() as { bearer: string }
  const headers = { authorization: `Bearer ${token}` }
  const logout = (at: TestServer) => at.call('POST', '/directlink/v1/auth/logout', { headers })
  return { dialect: 'DirectLink', token, logout }
}

async function adobePass(server: TestServer, deviceId: string): Promise<EndedSession> {
  await logIn(server, deviceId)
  const resource = { resource: 'TestStream1' }
  await deviceCall(server, '/api/v1/authorize', deviceId, resource)
  const issued = await deviceCall(server, '/api/v1/tokens/media', deviceId, resource)
  const { serializedToken } = issued.json() as { serializedToken: string }
  const token = Buffer.from(serializedToken, 'base64').toString()
  return { dialect: 'Adobe Pass', token, logout: (at) => logOut(at, deviceId) }
}

async function grant(server: TestServer): Promise<EndedSession> {
  const { access_token: token } = await baanx.grant(server)
  const logout = (at: TestServer) => baanx.post(at, '/v1/auth/oauth2/revoke', { token })
  return { dialect: 'Baanx, RFC 7009', token, logout }
}

async function login(server: TestServer): Promise<EndedSession> {
  const token = await baanx.login(server)
  return { dialect: 'Baanx, logout', token, logout: (at) => baanx.logout(at, token) }
}
