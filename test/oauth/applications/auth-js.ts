/** An Express application whose people log in with Auth.js. */
import express, { type Request, type RequestHandler } from 'express'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { listenAt } from './listen.ts'
import type { Application, Place } from './application.ts'

/** What is used of it. Its own types bring those of browsers with them, into every file. */
interface AuthJs {
  readonly ExpressAuth: (config: object) => RequestHandler
  readonly getSession: (request: Request, config: object) => Promise<AuthSession | null>
}

interface AuthSession {
  readonly user?: { readonly name?: string }
  readonly idToken?: string
}

const require = createRequire(import.meta.url)
const { ExpressAuth, getSession } = require('@auth/express') as AuthJs

export const paths = { callback: '/auth/callback/outright', afterLogout: '/' } as const

export function startAuthJs(place: Place): Promise<Application> {
  const config = {
    secret: 'what the cookies of the application are sealed with',
    trustHost: true,
    basePath: '/auth',
    providers: [
      {
        id: 'outright',
        name: 'Outright',
        type: 'oidc',
        issuer: place.issuer,
        clientId: place.clientId,
        clientSecret: place.secret,
        // Names are in the answer of userinfo (OpenID Connect Core 1.0, section 5.4).
        idToken: false,
        checks: ['pkce', 'state', 'nonce'],
      },
    ],
    callbacks: {
      jwt: ({ token, account }: { token: object; account?: { id_token?: string } }) =>
        account?.id_token === undefined ? token : { ...token, idToken: account.id_token },
      session: ({ session, token }: { session: object; token: { idToken?: string } }) => ({
        ...session,
        idToken: token.idToken,
      }),
    },
  }
  const app = express()
  app.use(/^\/auth\/(.*)/, ExpressAuth(config))
  app.get('/', async (request, response) => {
    const session = await getSession(request, config)
    response.send(session === null ? 'Nobody is logged in' : `Hello, ${session.user?.name ?? ''}`)
  })
  // Auth.js ends its own session alone; its guides have applications send people on like this.
  app.get('/log-out-everywhere', async (request, response) => {
    const session = await getSession(request, config)
    const url = new URL(`${place.issuer}/oidc/logout`)
    url.searchParams.set('id_token_hint', session?.idToken ?? '')
    url.searchParams.set('post_logout_redirect_uri', `${place.url}/`)
    response.clearCookie('authjs.session-token').redirect(url.href)
  })
  return listenAt(createServer(app), place)
}
