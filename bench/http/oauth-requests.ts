/** Requests of a relying party and of its browsers, each with what it needs stored already. */
import { hash } from 'node:crypto'
import type { Core } from '../../src/core/core.ts'
import { OAUTH } from '../../src/http/oauth-client.ts'

const kinds = ['oauth-login', 'oauth-code', 'oauth-refresh', 'oauth-logout'] as const
export type OAuthKind = (typeof kinds)[number]

export function isOAuthKind(kind: string): kind is OAuthKind {
  return kinds.some((one) => one === kind)
}

const HOUR_MS = 3_600_000
const id = 'relying-party'
const secret = 'bench-only-secret-0123456789'
const redirectUri = 'https://client.example/callback'
const afterLogout = 'https://client.example/'
const scope = 'openid profile'
const verifier = 'v'.repeat(43)
const codeChallenge = hash('sha256', verifier, 'base64url')

let added: Promise<unknown> | undefined

/** Registers the client, once. */
export function addOAuthClient(core: Core): Promise<unknown> {
  added ??= core.hashSecret(secret).then((secretHash) =>
    core.clients.create({
      id,
      key: id,
      name: '',
      dialect: OAUTH,
      secretHash,
      allowlist: [],
      redirectUris: [redirectUri],
      status: 'active',
      createdAtMs: 0,
      attributes: { oauth: { skip_consent: true, post_logout_redirect_uris: [afterLogout] } },
    }),
  )
  return added
}

/** Logs a person on in a browser of their own, and makes the request that comes next. */
export async function oauthRequest(core: Core, kind: OAuthKind, issuer: string): Promise<string> {
  const subjectId = crypto.randomUUID()
  const { session } = await core.openSession({
    subjectId,
    clientId: 'outright:sign-on',
    dialect: OAUTH,
    audience: issuer,
    accessLifetimeMs: HOUR_MS,
    sessionLifetimeMs: 24 * HOUR_MS,
  })
  const { sid } = session
  switch (kind) {
    case 'oauth-login':
      return get(`/oauth2/authorize?${String(authorization())}`, await cookieOf(core, session))
    case 'oauth-code':
      return post({
        grant_type: 'authorization_code',
        code: await codeFor(core, session),
        redirect_uri: redirectUri,
        code_verifier: verifier,
      })
    case 'oauth-refresh': {
      const { refresh } = await core.joinSession({
        sid,
        clientId: id,
        dialect: OAUTH,
        audience: issuer,
        accessLifetimeMs: HOUR_MS,
        refreshLifetimeMs: 24 * HOUR_MS,
        attributes: { scope, authTimeMs: Date.now() },
      })
      return post({ grant_type: 'refresh_token', refresh_token: refresh?.token ?? '' })
    }
    case 'oauth-logout': {
      const hint = await core.signIdToken({ audience: id, subjectId, sid }, HOUR_MS, {})
      const query = new URLSearchParams({
        id_token_hint: hint,
        post_logout_redirect_uri: afterLogout,
      })
      return get(`/oidc/logout?${String(query)}`, await cookieOf(core, session))
    }
  }
}

type SignedOn = Parameters<typeof codeFor>[1]

function authorization(): URLSearchParams {
  return new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope,
    state: 'state',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  })
}

async function codeFor(
  core: Core,
  { sid, subjectId }: { readonly sid: string; readonly subjectId: string },
): Promise<string> {
  return core.issueCode({
    dialect: OAUTH,
    clientId: id,
    subjectId,
    generations: await core.sessions.generations({
      subjectId,
      clientId: id,
      deviceKey: undefined,
      sid,
    }),
    context: { sid, authTimeMs: Date.now(), redirectUri, codeChallenge, scope },
    lifetimeMs: HOUR_MS,
  })
}

async function cookieOf(core: Core, { sid, subjectId }: SignedOn): Promise<string> {
  const value = { sid, subjectId, authTimeMs: Date.now() }
  const handle = await core.handles.issue({
    kind: 'oauth-sign-on',
    value,
    lifetimeMs: 24 * HOUR_MS,
  })
  return `outright-session=${handle}`
}

function get(path: string, cookie: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\nCookie: ${cookie}\r\n\r\n`
}

function post(fields: Readonly<Record<string, string>>): string {
  const body = new URLSearchParams(fields).toString()
  const basic = Buffer.from(`${id}:${secret}`).toString('base64')
  return (
    `POST /oauth2/token HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic ${basic}\r\n` +
    'Content-Type: application/x-www-form-urlencoded\r\n' +
    `Content-Length: ${String(body.length)}\r\n\r\n${body}`
  )
}
