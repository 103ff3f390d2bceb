import { createHash } from 'node:crypto'
import { ApiError, type OutrightClient } from '../client/index.ts'
import { CanaryFailed } from './failed.ts'
import { reasonOf } from './probe.ts'
import type { Random } from '../ports/random.ts'

/** A login of the canary's person. */
export interface Login {
  readonly token: string
  readonly sid: string
  readonly livesForMs: number
}

/** The canary's own test person. */
export interface Person {
  /**
   * Makes sure that the person and its client exist, with a new password and a new secret that only
   * this process knows. The new password ends what an earlier run has left behind.
   */
  prepare(): Promise<void>
  /** @throws {CanaryFailed} Where the server does not let the person in. */
  logIn(): Promise<Login>
}

export interface PersonOptions {
  readonly server: string
  readonly admin: OutrightClient
  /** Of the canary. */
  readonly name: string
  readonly random: Random
  readonly timeoutMs: number
}

/**
 * No browser can be sent here (RFC 2606): a code that an attacker requests for this client arrives
 * nowhere, and is useless without the client's secret.
 */
const REDIRECT_URI = 'https://outright-canary.invalid/'

/**
 * A person who logs in as people do: an authorization code with PKCE, through the login page and
 * its password. So the session, its token and its logout are those of a person, and nothing of the
 * server is there for the canary alone.
 */
export function createPerson(options: PersonOptions): Person {
  const { admin, name } = options
  const id = `outright-canary-${name}`
  let known: Known | undefined

  return {
    async prepare() {
      const password = await newPassword(admin, id)
      const secret = await newSecret(admin, id)
      known = { ...(await discover(options)), id, password, secret }
    },
    async logIn() {
      if (known === undefined) throw new Error('Cannot log in: prepare was not called')
      const { token, livesForMs } = await logInAs(known, options)
      return { token, livesForMs, sid: sidOf(token) }
    },
  }
}

interface Endpoints {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
}

interface Known extends Endpoints {
  readonly id: string
  readonly password: string
  readonly secret: string
}

/** Where people log in, as the server says itself (RFC 8414). */
async function discover(options: PersonOptions): Promise<Endpoints> {
  const base = options.server.replace(/\/+$/, '')
  const response = await send(options, `${base}/.well-known/oauth-authorization-server`, {})
  const found = response.ok ? ((await response.json()) as Record<string, unknown>) : {}
  const { authorization_endpoint: authorize, token_endpoint: token } = found
  if (typeof authorize !== 'string' || typeof token !== 'string') {
    const status = String(response.status)
    throw new CanaryFailed(`${base} does not say where people log in: it answers ${status}`)
  }
  return { authorizationEndpoint: authorize, tokenEndpoint: token }
}

async function newPassword(admin: OutrightClient, id: string): Promise<string> {
  const changed = await orAdd(
    () => admin.updateSubject(id, { generatePassword: true, status: 'active' }),
    () =>
      admin.createSubject({ id, username: id, name: 'Outright canary', generatePassword: true }),
  )
  return changed.password ?? ''
}

async function newSecret(admin: OutrightClient, id: string): Promise<string> {
  const kept = {
    name: 'Outright canary',
    redirectUris: [REDIRECT_URI],
    // No refresh token: what a crash leaves behind is over with its access token.
    attributes: { oauth: { grant_types: ['authorization_code'], skip_consent: true } },
  }
  const changed = await orAdd(
    () => admin.updateClient(id, { ...kept, rotateSecret: true, status: 'active' }),
    () => admin.createClient({ ...kept, dialect: 'oauth', id, key: id, generateSecret: true }),
  )
  return changed.secret ?? ''
}

async function orAdd<T>(change: () => Promise<T>, add: () => Promise<T>): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return add()
    throw error
  }
}

/**
 * 1. The client asks for a login; the answer leads to the login page of this one.
 * 2. The form of that page is sent; the answer leads back to the client with a code.
 * 3. The client exchanges the code.
 */
async function logInAs(
  { id, password, secret, authorizationEndpoint, tokenEndpoint }: Known,
  options: PersonOptions,
): Promise<Pick<Login, 'token' | 'livesForMs'>> {
  const unguessable = (): string => Buffer.from(options.random.bytes(32)).toString('base64url')
  const [verifier, state] = [unguessable(), unguessable()]
  const asked = new URL(authorizationEndpoint)
  asked.search = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const begun = await send(options, asked, {})
  const page = locationOf(begun, asked)
  const interaction = page?.searchParams.get('interaction')
  if (page === undefined || typeof interaction !== 'string') {
    throw new CanaryFailed(refusalOf(begun, page, 'asked for a login'))
  }
  const cookie = begun.headers.getSetCookie().map((set) => set.split(';', 1)[0])
  const form = new URLSearchParams({ interaction, username: id, password })
  const headers = { cookie: cookie.join('; ') }
  const sent = await send(options, page.origin + page.pathname, { body: form, headers })
  const back = locationOf(sent, page)
  const code = back?.searchParams.get('code')
  if (typeof code !== 'string' || back?.searchParams.get('state') !== state) {
    throw new CanaryFailed(refusalOf(sent, back, 'sent its password'))
  }
  const credentials = Buffer.from(`${id}:${secret}`).toString('base64')
  const exchanged = await send(options, tokenEndpoint, {
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: verifier,
    }),
    headers: { authorization: `Basic ${credentials}` },
  })
  if (!exchanged.ok) throw new CanaryFailed(refusalOf(exchanged, undefined, 'exchanged its code'))
  const { access_token: token, expires_in: seconds } = (await exchanged.json()) as {
    readonly access_token: string
    readonly expires_in: number
  }
  return { token, livesForMs: seconds * 1000 }
}

async function send(
  { timeoutMs }: PersonOptions,
  url: string | URL,
  call: { readonly body?: URLSearchParams; readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const { body, headers = {} } = call
  try {
    return await fetch(url, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      headers: { 'user-agent': 'outright-canary', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (error) {
    throw new CanaryFailed(`cannot reach ${new URL(url).origin} to log in: ${reasonOf(error)}`)
  }
}

function locationOf(response: Response, base: URL): URL | undefined {
  const location = response.headers.get('location')
  return location === null ? undefined : (URL.parse(location, base.href) ?? undefined)
}

/** Neither the address, in which there may be a code, nor the page. */
function refusalOf({ status }: Response, to: URL | undefined, when: string): string {
  const error = to?.searchParams.get('error')
  const said = typeof error === 'string' ? error : `status ${String(status)}`
  const busy = status === 429 ? '; it logs in too often for the limits of the login page' : ''
  const stolen =
    status === 400 || status === 401
      ? '; does another canary run under this name? Each needs its own'
      : ''
  return `the canary was not let in when it ${when}: ${said}${busy}${stolen}`
}

/** The session that an access token belongs to. */
function sidOf(token: string): string {
  const [, payload = ''] = token.split('.')
  const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid?: unknown }
  if (typeof sid !== 'string') throw new CanaryFailed('the access token names no session')
  return sid
}
