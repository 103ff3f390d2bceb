/** A server whose operators sign in at an identity provider that says whatever a test wants. */
import assert from 'node:assert/strict'
import { after, before, beforeEach } from 'node:test'
import type { ConfigFile } from '../../src/server/config.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { ADMIN_TOKEN } from './api.ts'
import { CLIENT_SECRET, startIdentityProvider, type IdentityProvider } from './identity-provider.ts'

type Given = NonNullable<NonNullable<ConfigFile['operators']>['singleSignOn']>

export interface World {
  readonly server: TestServer
  /** Calls the admin API as the machine that may do everything. */
  readonly api: (method: string, path: string, body?: object) => Promise<Reply>
}

/** An identity provider for the tests that follow. Before each it says again that Ana-1 signed in. */
export async function useIdentityProvider(): Promise<IdentityProvider> {
  const provider = await startIdentityProvider()
  after(() => provider.close())
  beforeEach(() => {
    provider.claims = { sub: 'Ana-1', sid: 'there-1' }
    provider.userinfo = {}
    provider.idToken = undefined
    provider.answer = undefined
  })
  return provider
}

/** A server whose operators sign in at `provider`. It stops behind the tests that follow. */
export function useServer(provider: IdentityProvider, more: Partial<Given> = {}): World {
  let server: TestServer | undefined
  before(async () => {
    const singleSignOn = {
      title: 'Example ID',
      issuer: provider.url,
      clientId: 'outright',
      clientSecret: CLIENT_SECRET,
      scopes: ['email'],
      ...more,
    }
    server = await startTestServer({
      publicUrlIsOwn: true,
      config: { operators: { singleSignOn } },
    })
  })
  after(() => server?.close())
  const running = (): TestServer => server ?? assert.fail('it has not started')
  return {
    get server() {
      return running()
    },
    api: (method, path, body) =>
      running().call(method, `/outright/v1${path}`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        ...(body === undefined ? {} : { body }),
      }),
  }
}
