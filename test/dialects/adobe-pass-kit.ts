/** What the Adobe Pass suites share: an app, a device, a viewer, and a server at a real public URL. */
import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessClaims } from '../../src/verifier/claims.ts'
import type { Verdict } from '../../src/verifier/verdict.ts'
import type { Reply, TestServer } from '../harness.ts'

export const REQUESTOR = 'REF30'

/** Device information as the vendor's header page has it: a comma is missing, so it is not JSON. */
export const vendorSample =
  'ewoJInByaW1hcnlIYXJkd2FyZVR5cGUiOiAiU2V0VG9wQm94IiwKCSJtb2RlbCI6ICJUViA1dGggR2VuIiwKCSJtYW51ZmFjdHVyZXIiOiAiQXBwbGUiLAoJIm9zTmFtZSI6ICJ0dk9TIgoJIm9zVmVuZG9yIjogIkFwcGxlIiwKCSJvc1ZlcnNpb24iOiAiMTEuMCIKfQ=='

export const deviceInfo: string = Buffer.from(
  JSON.stringify({ primaryHardwareType: 'SetTopBox', model: 'TV 5th Gen', osName: 'tvOS' }),
).toString('base64')

export const json = { accept: 'application/json' }
export const xml = { accept: 'application/xml' }

/** What every answer in XML begins with. */
export const xmlHead = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
export const dayMs = 86_400_000

/** The time of the server. */
export function nowMs(server: TestServer): number {
  return server.dependencies.clock.nowMs()
}

export function keysOf(reply: Reply): string[] {
  return Object.keys(reply.json())
}

/** Registers an application and gets its access token. */
export async function accessToken(
  server: TestServer,
  statement = 'demo-software-statement',
): Promise<string> {
  const registered = await server.call('POST', '/o/client/register', {
    body: { software_statement: statement },
  })
  const { client_id, client_secret } = registered.json()
  const issued = await server.call('POST', '/o/client/token', {
    body: new URLSearchParams({ client_id, client_secret, grant_type: 'client_credentials' }),
  })
  return issued.json().access_token
}

/** Gets a registration code for a device. */
export async function registrationCode(
  server: TestServer,
  deviceId: string,
  requestor: string = REQUESTOR,
): Promise<string> {
  const query = new URLSearchParams({ deviceId, format: 'json' }).toString()
  const reply = await server.call('POST', `/reggie/v1/${requestor}/regcode?${query}`)
  return reply.json().code
}

/** The second screen's first call: where the provider's login page is. */
export async function authenticate(
  server: TestServer,
  code: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const query = new URLSearchParams({
    reg_code: code,
    requestor_id: REQUESTOR,
    mso_id: 'DemoMVPD',
    domain_name: 'example.com',
    noflash: 'true',
    no_iframe: 'true',
    ...extra,
  })
  return server.call('GET', `/api/v1/authenticate?${query.toString()}`)
}

/** Path and query of an address. */
export function pathOf(address: string | undefined): string {
  const url = new URL(address ?? '')
  return url.pathname + url.search
}

/** Fills in the demo provider's form; the answer redirects to the callback. */
export async function submitLogin(
  server: TestServer,
  loginPage: string,
  fields: Readonly<Record<string, string>> = { user: 'viewer', password: 'viewer-demo' },
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const asked = new URL(loginPage).searchParams
  const body = new URLSearchParams({
    state: asked.get('state') ?? '',
    return: asked.get('return') ?? '',
    requestor: asked.get('requestor') ?? '',
    ...fields,
  })
  return server.call('POST', '/demo/mvpd/login', { body, headers })
}

/** Logs the demo viewer in on a device, from its code to the provider and back. */
export async function logIn(server: TestServer, deviceId: string): Promise<string> {
  const code = await registrationCode(server, deviceId)
  const started = await authenticate(server, code)
  const confirmed = await submitLogin(server, started.headers['location'] ?? '')
  await server.call('GET', pathOf(confirmed.headers['location']))
  return code
}

/** A call of a device. */
export function deviceCall(
  server: TestServer,
  path: string,
  deviceId: string,
  parameters: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = json,
): Promise<Reply> {
  const query = new URLSearchParams({ requestor: REQUESTOR, deviceId, ...parameters })
  return server.call('GET', `${path}?${query.toString()}`, { headers })
}

/** Logs a device out, as the seed says. */
export function logOut(
  server: TestServer,
  deviceId: string,
  parameters: Readonly<Record<string, string>> = { requestor: REQUESTOR },
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const query = new URLSearchParams({ ...parameters, deviceId })
  return server.call('DELETE', `/api/v1/logout?${query.toString()}`, { headers })
}

/**
 * What a node says of a token. Where several share a database a busy one may not be sure for a
 * moment that it is current, and says so; it is asked again then.
 */
export async function verdictOf(
  server: TestServer,
  token: string,
  audience?: string,
): Promise<Verdict<AccessClaims>> {
  const { verifier } = server.dependencies
  for (let tries = 0; ; tries++) {
    const verdict = await verifier.verify(token, audience)
    if (verdict.ok || verdict.reason !== 'stale' || tries === 100) return verdict
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The body of an error in each form. */
export function errorXml(status: number, message: string): string {
  return `${xmlHead}<error><status>${String(status)}</status><message>${message}</message></error>`
}

export interface Front {
  readonly url: string
  /** Where requests go from now on. */
  lead(to: string): void
  close(): Promise<void>
}

/**
 * A front door with an address of its own, so that a server can know its public URL before it
 * listens: what it sends to itself and to browsers then arrives.
 */
export async function openFront(): Promise<Front> {
  let target = ''
  const front: Server = createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming
    const forwarded = httpRequest(
      new URL(url, target),
      { method, headers, agent: false },
      (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(outgoing)
      },
    )
    forwarded.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => {
    front.listen(0, '127.0.0.1', resolve)
  })
  const { port } = front.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    lead(to) {
      target = to
    },
    close: () =>
      new Promise((resolve) => {
        front.closeAllConnections()
        front.close(() => {
          resolve()
        })
      }),
  }
}

let devices = 0

/** A device of its own on which the demo viewer is logged in. */
export async function loggedInDevice(server: TestServer): Promise<string> {
  const deviceId = `device-${String(++devices)}`
  await logIn(server, deviceId)
  assert.equal((await deviceCall(server, '/api/v1/checkauthn', deviceId)).status, 200)
  return deviceId
}

export async function isLoggedIn(server: TestServer, deviceId: string): Promise<boolean> {
  const reply = await deviceCall(server, '/api/v1/checkauthn', deviceId)
  assert.ok(reply.status === 200 || reply.status === 403)
  return reply.status === 200
}
