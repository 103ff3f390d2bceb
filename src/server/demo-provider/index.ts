/**
 * The demo's other identity provider: a server of its own, with keys of its own, that Outright
 * knows by its configuration like any provider. One person logs in there; their logout ends at the
 * three applications because the provider tells Outright. It owns its port, its key and its tokens,
 * and shares nothing with the node.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { DemoTour } from '../../http/node-view.ts'
import type { Clock } from '../../ports/clock.ts'
import { settingsOf } from '../../settings/read.ts'
import { issuerSchema, type IssuerSettings } from '../issuer-settings.ts'
import { closeNow, listenBeside } from '../demo-ports.ts'
import { endpointsOf, type Endpoint, type ProviderAnswer } from './endpoints.ts'
import { DEMO_PROVIDER } from './identity.ts'
import { createTokens, TOKEN_LIFE_SECONDS } from './tokens.ts'

export interface DemoProvider {
  /** How the configuration names it. */
  readonly settings: IssuerSettings
  /** How its person logs in and out. */
  readonly tour: DemoTour
  /** It tells this node of logouts from now on. */
  tell(node: string): void
  close(): Promise<void>
}

/**
 * Starts it at a free port.
 *
 * @param node Beside which server.
 * @throws {Error} Where it cannot listen there.
 */
export async function startDemoProvider(node: string, clock: Clock): Promise<DemoProvider> {
  let outright: string | undefined
  let endpoints: ReadonlyMap<string, Endpoint> = new Map()
  const server = createServer((request, response) => {
    void answer(request, endpoints).then(({ status, body }) => {
      response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`)
    })
  })
  const issuer = await listenBeside(server, node)
  const tokens = await createTokens(issuer, clock)
  endpoints = endpointsOf({ issuer, tokens, clock, node: () => outright })
  return {
    settings: settingsFor(issuer),
    tour: tourAt(issuer),
    tell(to) {
      outright = to
    },
    close: () => closeNow(server),
  }
}

/** The page of the playground comes from another port. A token is not a cookie, so any may call. */
const headers = {
  'access-control-allow-origin': '*',
  'timing-allow-origin': '*',
  'cache-control': 'no-store',
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
}

/** Never fails: whatever goes wrong is an answer. */
async function answer(
  request: IncomingMessage,
  endpoints: ReadonlyMap<string, Endpoint>,
): Promise<ProviderAnswer> {
  const endpoint = endpoints.get(`${String(request.method)} ${String(request.url)}`)
  if (endpoint === undefined) return { status: 404, body: { error: 'not_found' } }
  try {
    const form = await readForm(request)
    return form === undefined
      ? { status: 413, body: { error: 'invalid_request' } }
      : await endpoint(form)
  } catch {
    return { status: 500, body: { error: 'server_error' } }
  }
}

const MAX_FORM_CHARS = 8192

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = ''
  // Read to its end, so that the answer arrives.
  for await (const part of request.setEncoding('utf8')) {
    if (text.length <= MAX_FORM_CHARS) text += String(part)
  }
  return text.length > MAX_FORM_CHARS ? undefined : new URLSearchParams(text)
}

function settingsFor(issuer: string): IssuerSettings {
  const { name, audience, clientId } = DEMO_PROVIDER
  const lifeMs = TOKEN_LIFE_SECONDS * 1000
  return settingsOf<IssuerSettings>(
    issuerSchema,
    {
      name,
      issuer,
      audience: [audience],
      claims: { session: ['sid'] },
      logoutClients: [clientId],
      maxTokenLifeMs: lifeMs,
      maxSessionMs: lifeMs,
    },
    true,
  )
}

function tourAt(issuer: string): DemoTour {
  const { person, clientId } = DEMO_PROVIDER
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const login = { grant_type: 'password', client_id: clientId, ...person }
  return {
    api: 'Another identity provider',
    origin: issuer,
    says:
      'Ines logs in at a provider that signs with keys of its own; Outright’s configuration names it. ' +
      'When she logs out there, the provider tells Outright, and Outright tells every guard.',
    login: [
      {
        method: 'POST',
        path: '/token',
        headers: form,
        body: new URLSearchParams(login).toString(),
        takes: { token: 'access_token', idToken: 'id_token' },
      },
    ],
    logout: {
      method: 'POST',
      path: '/logout',
      headers: form,
      body: 'id_token_hint={idToken}',
      tells: true,
    },
  }
}
