/**
 * Baanx: an API for cards and accounts, with two kinds of credentials. A person logs in with e-mail
 * address and password; an OAuth client gets a grant of that person. A logout ends the session of
 * the bearer, a revocation the grants of one OAuth client; each leaves the other alone.
 *
 * This folder owns the wire form, the client keys, the lock-out, and the authorization code grant
 * with its login page. Sessions, tokens and how they end belong to the core.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Given } from '../../../settings/schema.ts'
import type { DialectContext } from '../../context.ts'
import type { Answer, Dialect, DialectRequest, Method, Route } from '../../dialect.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { readJson } from '../../body.ts'
import {
  admit,
  admitForLogout,
  authorize,
  exchange,
  findCaller,
  initiate,
  login,
  logout,
  revokeGrants,
  revokeToken,
  sendLoginOtp,
} from './act.ts'
import { operations, type OperationName } from './operations.ts'
import { demo } from './demo.ts'
import { baanxSchema, baanxOptions, type BaanxOptions } from './options.ts'
import { pagePath, renderPageFailure, showPage, submitPage } from './page.ts'
import {
  readAuthorizationToken,
  readBearer,
  readClientKey,
  readInitiate,
  readLogin,
  readRevocation,
  readToken,
  readUserId,
} from './parse.ts'
import {
  renderConsent,
  renderFailure,
  renderGrant,
  renderInitiated,
  renderLogin,
  renderSuccess,
  renderUser,
} from './render.ts'
import { createService, type BaanxService } from './service.ts'

export type { BaanxOptions } from './options.ts'

/** Calls that only look: `HEAD` is answered as well. Initiate begins an authorization. */
const reads: ReadonlySet<OperationName> = new Set(['user', 'showPage'])

type Handle = (request: DialectRequest) => Promise<Answer>

export const baanx: DialectModule<BaanxOptions> = defineDialect({
  name: 'baanx',
  title: 'Baanx',
  options: baanxSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createBaanx,
})

/**
 * Makes the dialect.
 *
 * @param context The core and the installation.
 * @param options Each option's default where it is not given.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createBaanx(context: DialectContext, options: Given<BaanxOptions> = {}): Dialect {
  const service = createService(context, baanxOptions(options))
  const handles = { ...personHandles(service), ...oauthHandles(service) }
  const route = (method: Method, path: string, name: OperationName): Route => ({
    method,
    path,
    operation: operations[name],
    ...(reads.has(name) ? { alsoHead: true } : {}),
    handle: handles[name],
  })
  return {
    routes: [
      route('POST', '/v1/auth/login', 'login'),
      route('POST', '/v1/auth/login/otp', 'loginOtp'),
      route('GET', '/v1/user', 'user'),
      route('POST', '/v1/auth/logout', 'logout'),
      // The newer paths differ in the token call alone, which reads its own path.
      ...['/v1/auth/oauth', '/v1/auth/oauth2'].flatMap((base) => [
        route('GET', `${base}/authorize/initiate`, 'initiate'),
        route('POST', `${base}/authorize`, 'authorize'),
        route('POST', `${base}/token`, 'token'),
      ]),
      route('DELETE', '/v1/auth/oauth/revoke', 'revokeGrants'),
      route('POST', '/v1/auth/oauth2/revoke', 'revokeToken'),
      route('GET', pagePath, 'showPage'),
      route('POST', pagePath, 'submitPage'),
    ],
    // Its published sample is a page that calls; the demo lets any do so.
    cors: { origins: context.demo ? ['*'] : [], requestHeaders: ['x-client-key', 'x-us-env'] },
    owns: (path) => /^\/v1\/(?:auth|user)(?:\/|$)/.test(path),
    renderFailure(failure, { path }) {
      const answer = renderFailure(failure, path)
      return path.endsWith(pagePath) ? renderPageFailure(failure, answer) : answer
    },
  }
}

/** Calls of a person who logs in with a password. The order is: client key, then bearer, then body. */
function personHandles(service: BaanxService) {
  return {
    async login(request) {
      const caller = await findCaller(service, readClientKey(request))
      return renderLogin(await login(service, caller, readLogin(readJson(request)), request))
    },
    async loginOtp(request) {
      await findCaller(service, readClientKey(request))
      await sendLoginOtp(service, readUserId(request), request.clientAddress)
      return renderSuccess()
    },
    async user(request) {
      const caller = await findCaller(service, readClientKey(request))
      const { claims } = await admit(service, caller, readBearer(request))
      const subject = await service.core.subjects.find({ by: 'id', value: claims.sub })
      return subject === undefined || subject.status === 'disabled'
        ? refuse({ kind: 'token_invalid', reason: 'its subject is gone or disabled' })
        : renderUser(subject)
    },
    async logout(request) {
      const caller = await findCaller(service, readClientKey(request))
      const wait = request.waitForConfirmation
      const bearer = await admitForLogout(service, caller, readBearer(request), wait)
      return renderSuccess(await logout(service, bearer, wait))
    },
  } satisfies Partial<Record<OperationName, Handle>>
}

/** The authorization code grant, and what ends it. */
function oauthHandles(service: BaanxService) {
  const { context } = service
  return {
    async initiate(request) {
      const caller = await findCaller(service, readClientKey(request, true))
      const command = readInitiate(request)
      const token = await initiate(service, caller, command, request.clientAddress)
      const url = `${request.publicUrl}${context.prefix}${pagePath}?token=${token}`
      return renderInitiated(token, url, command.asJson)
    },
    async authorize(request) {
      const caller = await findCaller(service, readClientKey(request))
      const bearer = await admit(service, caller, readBearer(request))
      return renderConsent(
        await authorize(service, caller, bearer, readAuthorizationToken(request)),
      )
    },
    async token(request) {
      const caller = await findCaller(service, readClientKey(request))
      const command = readToken(request, request.path.endsWith('/oauth/token'))
      const tokens = await exchange(service, caller, command, request)
      return renderGrant(tokens, service.settings, context.clock.nowMs())
    },
    async revokeGrants(request) {
      const caller = await findCaller(service, readClientKey(request))
      const wait = request.waitForConfirmation
      const bearer = await admitForLogout(service, caller, readBearer(request), wait)
      return renderSuccess(await revokeGrants(service, caller, bearer, wait))
    },
    async revokeToken(request) {
      const caller = await findCaller(service, readClientKey(request))
      const token = readRevocation(request)
      return renderSuccess(await revokeToken(service, caller, token, request.waitForConfirmation))
    },
    showPage: (request) => showPage(service, request),
    submitPage: (request) => submitPage(service, request),
  } satisfies Partial<Record<OperationName, Handle>>
}
