/** A server with clients whose tokens are bound to a key, and what tests of them do (RFC 9449). */
import assert from 'node:assert/strict'
import { dpopClient, type DpopClient, type WantedProof } from '../../src/testing/dpop-client.ts'
import type { Reply } from '../harness.ts'
import { Browser, callback, useOAuth, type OAuthWorld } from './relying-parties.ts'
import { secretOf } from './resource-world.ts'

export const world: OAuthWorld = useOAuth(
  {
    audiences: ['orders'],
    // That of a guard does not end because the machine is busy.
    leaseMs: 60_000,
    forwardAuth: { allowedHosts: ['api.example'] },
    resourceServers: [{ id: 'orders', secret: secretOf('orders'), audiences: ['orders'] }],
  },
  {
    news: {
      grant_types: ['client_credentials'],
      scope: 'read',
      dpop_bound_access_tokens: true,
    },
  },
)
/** That of the honest client. */
export const key: DpopClient = await dpopClient()

export const tokenUrl = (): string => `${world.server.url}/oauth2/token`

/** Calls the token endpoint as the public client. */
export async function exchange(
  form: Readonly<Record<string, string>>,
  dpop: string | readonly string[] = [],
): Promise<Reply> {
  return world.server.call('POST', '/oauth2/token', {
    headers: [dpop].flat().map((proof) => ['dpop', proof] as const),
    body: new URLSearchParams({ client_id: 'app', ...form }),
  })
}

export function proof(changes: Partial<WantedProof> = {}, by: DpopClient = key): Promise<string> {
  return by.proof({ method: 'POST', url: tokenUrl(), ...changes })
}

export interface Bound {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
}

export async function codeFor(
  more: Readonly<Record<string, string>> = {},
  browser: Browser = new Browser(),
): Promise<Readonly<Record<string, string>>> {
  const begun = await world.begin(await world.as('app'), more)
  const at = await world.logIn(browser, begun)
  return {
    grant_type: 'authorization_code',
    code: at.searchParams.get('code') ?? '',
    code_verifier: begun.verifier,
    redirect_uri: callback,
  }
}

export async function boundTokens(browser: Browser = new Browser()): Promise<Bound> {
  const reply = await exchange(await codeFor({}, browser), await proof())
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Bound
}

export function refreshOf(token: string): Readonly<Record<string, string>> {
  return { grant_type: 'refresh_token', refresh_token: token }
}

export function said(reply: Reply): string {
  const { error = 'none' } = reply.json() as { readonly error?: string }
  return `${String(reply.status)} ${error}`
}
