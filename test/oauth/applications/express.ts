/** An Express application whose people log in with `express-openid-connect`. */
import express from 'express'
import connect, { type SessionStore } from 'express-openid-connect'
import { createServer } from 'node:http'
import { listenAt } from './listen.ts'
import type { Application, Place } from './application.ts'

export const paths = {
  callback: '/callback',
  afterLogout: '',
  toldAt: '/backchannel-logout',
} as const

export function startExpress(place: Place): Promise<Application> {
  const app = express()
  app.use(
    connect.auth({
      issuerBaseURL: place.issuer,
      baseURL: place.url,
      clientID: place.clientId,
      clientSecret: place.secret,
      secret: 'what the cookies of the application are sealed with',
      authorizationParams: { response_type: 'code', scope: 'openid profile' },
      idTokenSigningAlg: 'ES256',
      authRequired: false,
      idpLogout: true,
      backchannelLogout: { store: new LoggedOut() },
      enableTelemetry: false,
    }),
  )
  app.get('/', ({ oidc }, response) => {
    response.send(
      oidc.isAuthenticated() ? `Hello, ${String(oidc.user?.['sub'])}` : 'Nobody is logged in',
    )
  })
  app.get('/call', connect.requiresAuth(), async ({ oidc }, response) => {
    await oidc.accessToken?.refresh()
    response.json(await oidc.fetchUserInfo())
  })
  return listenAt(createServer(app), place)
}

/** Which sessions it was told of, in memory. */
class LoggedOut implements SessionStore {
  readonly #kept = new Map<string, unknown>()
  get(id: string, callback: (error: unknown, session?: never) => void): void {
    callback(undefined, this.#kept.get(id) as never)
  }
  set(id: string, session: unknown, callback?: (error?: unknown) => void): void {
    this.#kept.set(id, session)
    callback?.()
  }
  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#kept.delete(id)
    callback?.()
  }
}
