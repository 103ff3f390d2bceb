/**
 * A whole tour in one command: an identity provider (`oidc-provider` from npm), Outright beside it,
 * and an application whose API a guard protects. From the root of a checkout:
 *
 *     npm run example:provider
 *
 * Open the address that it prints and log in with any name: the page shows what the API answers.
 * Log out at the provider, and call the API again with the same token: it is refused, though it has
 * not expired.
 *
 * Environment: `PORT` of the application (default 3000), `OUTRIGHT_PORT` (default 8080).
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { serve, type ConfigFile } from 'outright'
import { createGuard } from 'outright/guard'
import { protectListener } from 'outright/guard/node'
import { installPeers } from '../bench/peers/install.ts'

// The application listens first, so that its address is known to the provider.
let answer = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(503).end()
}
const server = createServer((request, response) => {
  answer(request, response)
})
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' && address !== null ? address.port : 0
const app = `http://127.0.0.1:${String(port)}`

// The provider: it says who it is, and is told where it sends logouts and people.
const program = fileURLToPath(new URL('identity-provider.mjs', installPeers()))
const provider = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'ignore'] })
const said = createInterface({ input: provider.stdout })[Symbol.asyncIterator]()
const { value: issuer } = (await said.next()) as { readonly value: string }

// Outright: one entry of the configuration names the provider.
const data = await mkdtemp(join(tmpdir(), 'outright-example-'))
const config: ConfigFile = {
  issuers: [
    {
      name: 'idp',
      issuer,
      audience: ['orders'],
      claims: { session: ['sid'] },
      logoutClients: ['web'],
    },
  ],
}
await writeFile(join(data, 'outright.config.json'), JSON.stringify(config))
const outright = await serve({
  demo: true,
  port: Number(process.env['OUTRIGHT_PORT'] ?? 8080),
  data,
  config: join(data, 'outright.config.json'),
})
provider.stdin.write(
  `${outright.url}/outright/v1/issuers/idp/backchannel-logout ${app}/callback ${app}/\n`,
)
await said.next()

// The application's API: three lines, as for tokens of Outright's own.
const guard = createGuard({ server: outright.url, credential: 'outright-demo-guard' })
await guard.ready()
const orders = protectListener(
  guard,
  (_request, response, claims) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ for: claims.sub, orders: ['a lamp'] }))
  },
  { audience: 'orders' },
)

/** The access tokens of each person who logged in, by the cookie of the browser. */
const tokens = new Map<string, string>()
const states = new Set<string>()

answer = (request, response) => {
  const url = new URL(request.url ?? '/', app)
  if (url.pathname === '/orders') orders(request, response)
  else if (url.pathname === '/login') logIn(response)
  else if (url.pathname === '/callback') void takeCode(url.searchParams, response)
  else void showPage(request, response)
}
console.log(`open ${app}/`)

function logIn(response: ServerResponse): void {
  const state = randomUUID()
  states.add(state)
  const query = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: `${app}/callback`,
    state,
  })
  response.writeHead(302, { location: `${issuer}/auth?${query.toString()}` }).end()
}

async function takeCode(query: URLSearchParams, response: ServerResponse): Promise<void> {
  if (!states.delete(query.get('state') ?? '')) return void response.writeHead(400).end()
  const reply = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('web:web-secret')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: query.get('code') ?? '',
      redirect_uri: `${app}/callback`,
    }),
  })
  const { access_token: token } = (await reply.json()) as { readonly access_token?: string }
  if (token === undefined) return void response.writeHead(502).end()
  const cookie = randomUUID()
  tokens.set(cookie, token)
  response.writeHead(302, { location: '/', 'set-cookie': `app=${cookie}; HttpOnly; SameSite=Lax` })
  response.end()
}

async function showPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cookie = /(?:^|; )app=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  const token = tokens.get(cookie)
  const login = '<p><a href="/login">Log in at the provider</a></p>'
  response.setHeader('content-type', 'text/html; charset=utf-8')
  if (token === undefined) return void response.end(login)
  const reply = await fetch(`${app}/orders`, { headers: { authorization: `Bearer ${token}` } })
  response.end(
    `<p>GET /orders with the token of your login: <b>${String(reply.status)}</b></p>` +
      `<p><a href="/">Call it again</a></p>` +
      `<p><a href="${issuer}/session/end">Log out at the provider</a></p>${login}`,
  )
}

process.once('SIGTERM', () => void close())
process.once('SIGINT', () => void close())

async function close(): Promise<void> {
  guard.close()
  provider.kill()
  server.close()
  server.closeAllConnections()
  await outright.close()
  await rm(data, { recursive: true, force: true })
}
