/** `oidc-provider` as the identity provider of operators: roles by its groups, and its logouts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { installPeers } from '../../bench/peers/install.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { Browser } from './browser.ts'
import { nextLine, Processes } from './processes.ts'

suite('operators at oidc-provider', () => {
  const processes = new Processes()
  let server: TestServer
  let issuer = ''

  before(async () => {
    const idp = processes.start(new URL('identity-provider.mjs', installPeers()))
    issuer = await nextLine(idp.lines)
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: {
        operators: {
          singleSignOn: {
            title: 'oidc-provider',
            issuer,
            clientId: 'web',
            clientSecret: 'web-secret',
            scopes: ['email', 'groups'],
            roles: { viewer: ['support'], admin: ['platform'] },
          },
        },
      },
    })
    const ready = nextLine(idp.lines)
    const { url } = server
    const uris = [`${url}/console/backchannel-logout`, `${url}/console/sign-in/callback`]
    idp.child.stdin!.write(`${uris.join(' ')}\n`)
    assert.equal(await ready, 'ready')
  })
  after(async () => {
    processes.killAll()
    await server.close()
  })

  const signIn = (browser: Browser, login: string) =>
    browser.comeBackTo(server.url, '/console/sign-in/start', login)
  const me = async (browser: Browser): Promise<unknown> =>
    JSON.parse(await browser.read(`${server.url}/outright/v1/me`))

  test('a group makes an admin, until a logout there has been answered', async () => {
    const maria = new Browser(issuer)
    assert.equal((await signIn(maria, 'maria')).location, `${server.url}/console/`)
    const { name, role } = (await me(maria)) as { name: string; role: string }
    assert.deepEqual([name, role], ['maria@example.com', 'admin'])
    await maria.logOut()
    assert.equal(((await me(maria)) as { status: number }).status, 401)
  })

  test('no group, no way in', async () => {
    const ann = new Browser(issuer)
    const { location } = await signIn(ann, 'ann')
    assert.match(location ?? '', /\/console\/sign-in\?problem=no-role/)
    assert.equal(((await me(ann)) as { status: number }).status, 401)
  })
})
