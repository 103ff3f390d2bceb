/** Viewers who log in at TV providers and log out, and the messages that this makes. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { SignJWT } from 'jose'
import type { MvpdLogout } from '../../src/domain/mvpd-logout.ts'
import { authenticate, registrationCode, REQUESTOR } from '../dialects/adobe-pass-kit.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

export const admin = { authorization: 'Bearer outright-demo-admin' }
export const SECRET = 'a-secret-of-thirty-two-characters'

/** What the tests of a file call. */
interface MvpdCalls {
  readonly server: TestServer
  /** Logs a viewer in on a device, with what the provider says of the login. */
  readonly logIn: (
    mvpd: string,
    userId: string,
    deviceId: string,
    claims?: Readonly<Record<string, string>>,
  ) => Promise<void>
  readonly logOut: (deviceId: string, more?: string) => Promise<Reply>
  /** The deliveries to a provider once so many of them are settled or were tried. */
  readonly deliveries: (mvpd: string, count: number) => Promise<readonly Item[]>
}

/** A delivery as the admin API shows it. */
interface Item {
  readonly state: string
  readonly attempts: number
  readonly lastError: string | null
  readonly facts: object
}

/** Starts a server whose viewers log in at these providers, and stops it behind the tests. */
export async function useMvpds(logouts: Readonly<Record<string, MvpdLogout>>): Promise<MvpdCalls> {
  const mvpds = Object.entries(logouts).map(([id, logout]) => ({
    id,
    displayName: id,
    loginUrl: 'https://login.example/',
    secret: SECRET,
    logout,
  }))
  const server = await startTestServer({
    config: {
      allowedPrivateAddresses: ['127.0.0.1'],
      dialects: { adobePass: { options: { mvpds } } },
    },
  })
  after(() => server.close())
  const requestor = await server.store.findClient({ by: 'id', value: REQUESTOR })
  const attributes = { ...requestor?.attributes, mvpds: Object.keys(logouts) }
  await server.store.updateClient(REQUESTOR, { attributes })

  async function logIn(
    mvpd: string,
    userId: string,
    deviceId: string,
    claims: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const code = await registrationCode(server, deviceId)
    const begun = await authenticate(server, code, { mso_id: mvpd })
    const url = new URL(begun.headers['location'] ?? '')
    const state = url.searchParams.get('state') ?? ''
    const back = url.searchParams.get('return') ?? ''
    const assertion = await new SignJWT({ state, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(mvpd)
      .setAudience(back.replace('/api/v1/authenticate/callback', ''))
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(new TextEncoder().encode(SECRET))
    const query = new URLSearchParams({ state, assertion }).toString()
    const reply = await server.call('GET', `/api/v1/authenticate/callback?${query}`)
    assert.match(reply.text, /You are logged in/)
  }

  function logOut(deviceId: string, more = ''): Promise<Reply> {
    return server.call(
      'DELETE',
      `/api/v1/logout?requestor=${REQUESTOR}&deviceId=${deviceId}${more}`,
    )
  }

  async function deliveries(mvpd: string, count: number): Promise<readonly Item[]> {
    for (let tries = 0; ; tries++) {
      const reply = await server.call('GET', `/outright/v1/deliveries?receiver=mvpd:${mvpd}`, {
        headers: admin,
      })
      const { items } = reply.json() as { items: readonly Item[] }
      const tried = items.filter(({ state, lastError }) => state !== 'owed' || lastError !== null)
      if (tried.filter(({ state }) => state !== 'claimed').length >= count) return items
      assert.ok(tries < 6_000, `${mvpd} was not told: ${JSON.stringify(items)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  return { server, logIn, logOut, deliveries }
}
