/** A server with clients of OAuth, a browser without script, and `openid-client` as those clients. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import * as openid from 'openid-client'
import type { Client } from '../../src/domain/identity.ts'
import type { Json } from '../../src/domain/session.ts'
import { DEVICE_CODE } from '../../src/protocol/client-metadata.ts'
import type { ConfigFile } from '../../src/server/config.ts'
import { startTestServer, type TestServer, type TestServerOptions } from '../harness.ts'

export const callback = 'http://127.0.0.1:3999/callback'
export const goodbye = 'http://127.0.0.1:3999/goodbye'
export const maria = { username: 'maria', password: 'maria-demo' }

/** A page that a browser has before it, or the address at another site where it was sent. */
export interface Visit {
  readonly status: number
  readonly url: URL
  readonly headers: Headers
  readonly text: string
}

/** A browser: it keeps cookies, follows redirects on this site, and fills in forms. */
export class Browser {
  readonly cookies: Map<string, string> = new Map()

  /** Follows redirects until there is a page, or another site. */
  async open(address: string | URL, form?: Readonly<Record<string, string>>): Promise<Visit> {
    let url = new URL(address)
    const { origin } = url
    let body = form && new URLSearchParams(form)
    for (let hop = 0; hop < 10; hop++) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: cookie === '' ? {} : { cookie },
        ...(body === undefined ? {} : { body }),
      })
      body = undefined
      for (const set of response.headers.getSetCookie()) this.#keep(set)
      const { status, headers } = response
      const text = await response.text()
      const location = headers.get('location')
      if (location === null) return { status, url, headers, text }
      url = new URL(location, url)
      if (url.origin !== origin) return { status, url, headers, text }
    }
    return assert.fail('too many redirects')
  }

  /** Asks for what a script of a page of this server asks for. */
  async ask(address: string | URL): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    const response = await fetch(address, { method: 'POST', headers })
    for (const set of response.headers.getSetCookie()) this.#keep(set)
    return response
  }

  /** Sends the form of a page with these fields. */
  submit(page: Visit, fields: Readonly<Record<string, string>>): Promise<Visit> {
    const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1]
    assert.ok(action !== undefined, `no form on ${page.url.pathname}: ${page.text}`)
    const hidden = [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]+)"/g)]
    const kept = Object.fromEntries(hidden.map(([, name, value]) => [name, value]))
    return this.open(new URL(action, page.url), { ...kept, ...fields })
  }

  #keep(set: string): void {
    const [pair = '', ...attributes] = set.split('; ')
    const at = pair.indexOf('=')
    if (attributes.includes('Max-Age=0')) this.cookies.delete(pair.slice(0, at))
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

/** A login that has begun: what the client remembers of it. */
export interface Begun {
  readonly address: URL
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

export interface OAuthWorld {
  readonly server: TestServer
  /** What `openid-client` knows of the server, as one of its clients. */
  as(id: keyof typeof secrets): Promise<openid.Configuration>
  begin(
    client: openid.Configuration,
    more?: Readonly<Record<string, string | undefined>>,
  ): Promise<Begun>
  /** Through login and consent, where they are asked for, to the address at the client. */
  logIn(browser: Browser, begun: Begun, as?: typeof maria): Promise<URL>
  finish(client: openid.Configuration, begun: Begun, at: URL): Promise<Tokens>
  /** All of it. */
  tokens(browser: Browser, client: openid.Configuration): Promise<Tokens>
}

export type Tokens = Awaited<ReturnType<typeof openid.authorizationCodeGrant>>

/** The session of an ID token. */
export function sidOf(tokens: Tokens): string {
  const sid = tokens.claims()?.['sid']
  return typeof sid === 'string' ? sid : assert.fail('no sid')
}

const secrets = {
  shop: 'the secret of the shop',
  news: 'the secret of the news',
  app: undefined,
  tv: undefined,
}

const registered: readonly (Pick<Client, 'id'> & { readonly metadata?: object })[] = [
  { id: 'shop', metadata: { post_logout_redirect_uris: [goodbye] } },
  { id: 'news', metadata: { skip_consent: true } },
  { id: 'app' },
  { id: 'tv', metadata: { grant_types: [DEVICE_CODE, 'refresh_token'] } },
]

/** Registers a client; without a secret it is a public one. */
export async function register(
  { core }: TestServer,
  client: {
    readonly id: string
    readonly secret: string | undefined
    readonly redirectUris: readonly string[]
    readonly oauth: object
  },
): Promise<void> {
  const { id, secret, redirectUris, oauth } = client
  await core.clients.create({
    id,
    key: id,
    name: `The ${id}`,
    dialect: 'oauth',
    secretHash: secret && (await core.hashSecret(secret)),
    allowlist: [],
    redirectUris,
    status: 'active',
    createdAtMs: Date.now(),
    attributes: { oauth: oauth as Readonly<Record<string, Json>> },
  })
}

export function useOAuth(
  config: ConfigFile = {},
  metadata: Readonly<Record<string, object>> = {},
  options: Pick<TestServerOptions, 'publicUrlIsOwn' | 'oneNode' | 'frozenClocks'> = {},
): OAuthWorld {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ publicUrlIsOwn: true, ...options, config })
    for (const { id, ...one } of registered) {
      const secret = secrets[id as keyof typeof secrets]
      const oauth = { ...one.metadata, ...metadata[id] }
      await register(server, { id, secret, redirectUris: [callback], oauth })
    }
  })
  after(() => server.close())
  const world: OAuthWorld = {
    get server() {
      return server
    },
    as(id) {
      // A server of tests has no certificate.
      // oxlint-disable-next-line typescript/no-deprecated
      const insecure = { execute: [openid.allowInsecureRequests] }
      const url = new URL(server.dependencies.issuer)
      return secrets[id] === undefined
        ? openid.discovery(url, id, undefined, openid.None(), insecure)
        : openid.discovery(url, id, secrets[id], undefined, insecure)
    },
    async begin(client, more = {}) {
      const verifier = openid.randomPKCECodeVerifier()
      const [state, nonce] = [openid.randomState(), openid.randomNonce()]
      const wanted = {
        redirect_uri: callback,
        scope: 'openid profile',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...more,
      }
      const given = Object.entries(wanted).filter(([, value]) => value !== undefined)
      const parameters = Object.fromEntries(given) as Record<string, string>
      return { address: openid.buildAuthorizationUrl(client, parameters), verifier, state, nonce }
    },
    async logIn(browser, { address }, as = maria) {
      let page = await browser.open(address)
      if (page.url.pathname === '/login') page = await browser.submit(page, { ...as })
      if (page.url.pathname === '/login/consent') {
        page = await browser.submit(page, { decision: 'allow' })
      }
      assert.equal(page.url.origin, new URL(callback).origin, page.text)
      return page.url
    },
    finish: (client, { verifier, state, nonce }, at) =>
      openid.authorizationCodeGrant(client, at, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      }),
    async tokens(browser, client) {
      const begun = await world.begin(client)
      return world.finish(client, begun, await world.logIn(browser, begun))
    },
  }
  return world
}
