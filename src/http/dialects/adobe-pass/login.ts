/**
 * A login at a provider, from the redirect there to the way back. The provider answers with an
 * assertion: a JWT signed with HS256 and the shared secret, good for minutes and for this one
 * login.
 */
import { jwtVerify } from 'jose'
import { digest } from '../../../core/handles.ts'
import { isOvertaken, type Generations } from '../../../domain/generation.ts'
import type { Client } from '../../../domain/identity.ts'
import type { Json } from '../../../domain/session.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { problemManners } from '../../problem-response.ts'
import { fields, optional, repeatable } from '../../schema.ts'
import { generationsOfDevice, keptClaims, openAuthentication } from './authentication.ts'
import { passRefuse, unknownIntegration } from './errors.ts'
import type { Mvpd } from './options.ts'
import { page } from './page.ts'
import { displayNameOf, type Pass } from './pass.ts'
import { findRegistrationCode, type RegistrationCode } from './registration-code.ts'
import { errors, html, security } from './wire.ts'

/** Below the dialect's root: where providers send browsers back to. */
export const CALLBACK_PATH = '/api/v1/authenticate/callback'

const KIND = 'adobe-login'
/** By device, its generation and login: what may still open a session there. */
const ON_ITS_WAY = 'adobe-login-device'
/** By as much the clocks of two nodes that serve may differ, and more. */
const APART_MS = 120_000
/** Of one TV; those whose time is over stay for a moment. */
const MAX_AT_ONCE = 1000
const MAX_ASSERTION_LENGTH = 6144
/** An assertion is on its way through one browser: seconds, and some for slow ones. */
const MAX_ASSERTION_AGE_SECONDS = 300

interface Login {
  readonly mvpd: string
  readonly requestor: string
  readonly code: string
  readonly redirect: string | null
  /** When it began: it opens nothing that was ended since then. */
  readonly generations: Generations
}

/** What a provider says of a viewer. */
interface Viewer {
  readonly userId: string
  readonly metadata: Readonly<Record<string, Json>>
  readonly claims: Readonly<Record<string, string>>
}

export interface LoginStart {
  readonly requestor: Client
  readonly record: RegistrationCode
  readonly provider: Mvpd
  readonly redirect: string | undefined
}

/**
 * Stores a login and gives the address of the provider's page for it.
 *
 * @throws {PassRefusal} `unknown_integration` where the provider has no such page.
 */
export async function startLogin(pass: Pass, start: LoginStart): Promise<string> {
  const { requestor, record, provider, redirect = null } = start
  if (provider.loginUrl === undefined) return passRefuse(unknownIntegration)
  const { loginLifetimeMs: lifetimeMs } = pass.options
  const generations = await generationsOfDevice(pass, requestor.id, record.deviceKey)
  const login: Login = {
    mvpd: provider.id,
    requestor: requestor.id,
    code: record.code,
    redirect,
    generations,
  }
  const state = await pass.core.handles.issue({
    kind: KIND,
    value: { ...login },
    lifetimeMs,
  })
  await pass.core.records.put({
    kind: ON_ITS_WAY,
    key: placeOf(record.deviceKey, generations) + digest(state),
    value: {},
    expiresAtMs: pass.clock.nowMs() + lifetimeMs + APART_MS,
  })
  const url = new URL(provider.loginUrl)
  url.searchParams.set('state', state)
  url.searchParams.set('requestor', displayNameOf(requestor))
  url.searchParams.set('return', pass.baseUrl + CALLBACK_PATH)
  return url.href
}

/** Whether a login has begun in a generation of a device that may still open a session in it. */
export async function isLoginOnItsWay(
  pass: Pass,
  deviceKey: string,
  generations: Generations,
): Promise<boolean> {
  const place = placeOf(deviceKey, generations)
  return (await pass.core.records.list(ON_ITS_WAY, MAX_AT_ONCE, undefined, place)).length > 0
}

function placeOf(deviceKey: string, { device }: Generations): string {
  return `${deviceKey} ${String(device)} `
}

/** Of the query alone, which came through a browser. */
const route = routesWith({ ...problemManners, readParameters: ({ query }) => query })

/**
 * `GET /api/v1/authenticate/callback?state=…&assertion=…`: the browser comes back from the
 * provider. This is what the vendor calls its assertion consumer; here people see the answers, so
 * they are pages.
 *
 * 1. Verify the assertion with the secret of the provider that the login was started at.
 * 2. Take the login: of any number of callers with the same assertion exactly one gets on.
 * 3. The registration code must still be good: its device gets the AuthN token, unless it was logged
 *    out since the login began.
 */
export function callbackRoute(pass: Pass): Route {
  return route(
    {
      method: 'GET',
      path: CALLBACK_PATH,
      summary: 'Come back from the provider',
      security,
      query: fields({
        state: optional(repeatable({ description: 'The login that the provider was given' })),
        assertion: optional(
          repeatable({ description: 'What the provider says of the viewer: a JWT of its own' }),
        ),
      }),
      responses: {
        200: html('A page'),
        302: { description: 'To redirect_url' },
        400: html('A page that says what happened'),
        ...errors,
      },
    },
    async (call) => {
      const { state = '', assertion = '' } = call.query()
      const found = await pass.core.handles.find(KIND, state)
      if (found === undefined) return loginOver
      const login = found as unknown as Login
      const provider = pass.mvpds.find(({ id }) => id === login.mvpd)
      const isOne = call.request.query.getAll('assertion').length <= 1
      const viewer =
        provider === undefined || !isOne || assertion.length > MAX_ASSERTION_LENGTH
          ? undefined
          : await readAssertion(pass, provider, assertion, state)
      if (viewer === undefined) return notAsserted
      if (!(await pass.core.handles.take(KIND, state))) return loginOver
      const record = await findRegistrationCode(pass, login.requestor, login.code)
      if (record === undefined) return codeOver
      const { deviceKey } = record
      const now = await generationsOfDevice(pass, login.requestor, deviceKey)
      if (wasEnded(login.generations, now)) return loggedOut
      const session = await openAuthentication(pass, call.request, {
        requestor: login.requestor,
        deviceKey,
        mvpd: login.mvpd,
        ...viewer,
        deviceType: record.deviceType,
        lifetimeMs: pass.options.authenticationLifetimeMs,
      })
      // What is stored has the counters of its transaction: a logout may have come in between.
      if (wasEnded(login.generations, session.generations)) {
        const ended = { scope: 'session', key: session.sid, reason: 'logout' } as const
        await pass.core.revoke({ ...ended, actor: 'system', wait: true })
        return loggedOut
      }
      const key = placeOf(deviceKey, login.generations) + digest(state)
      await pass.core.records.take(ON_ITS_WAY, key)
      if (login.redirect === null) return loggedIn
      const headers = { location: login.redirect, 'referrer-policy': 'no-referrer' }
      return call.empty(302, { headers })
    },
  )
}

/** Of the viewer nothing was known when the login began. */
function wasEnded({ everyone, client, device }: Generations, now: Generations): boolean {
  return isOvertaken({ ...now, everyone, client, device }, now)
}

/** Undefined where anything about it is wrong: other key, other login, other server, too old. */
async function readAssertion(
  pass: Pass,
  provider: Mvpd,
  assertion: string,
  state: string,
): Promise<Viewer | undefined> {
  try {
    const { payload } = await jwtVerify(assertion, new TextEncoder().encode(provider.secret), {
      algorithms: ['HS256'],
      issuer: provider.id,
      audience: pass.baseUrl,
      requiredClaims: ['sub', 'iat', 'exp'],
      maxTokenAge: MAX_ASSERTION_AGE_SECONDS,
      currentDate: new Date(pass.clock.nowMs()),
    })
    if (payload['state'] !== state || payload.sub === undefined || payload.sub === '') {
      return undefined
    }
    return {
      userId: payload.sub.slice(0, 256),
      metadata: metadataOf(payload['metadata']),
      claims: keptClaims(provider, payload),
    }
  } catch {
    return undefined
  }
}

/** Fields become XML elements, so only names that XML can hold get in. */
function metadataOf(claim: unknown): Readonly<Record<string, Json>> {
  if (claim === null || typeof claim !== 'object' || Array.isArray(claim)) return {}
  const fields = Object.entries(claim as Record<string, Json>)
  return Object.fromEntries(fields.filter(([name]) => /^[A-Za-z][\w.-]{0,63}$/.test(name)))
}

const loggedIn = page(200, 'You are logged in', 'You can return to your TV now.')
const again = 'Take a new code from your TV and start again.'
const loggedOut = page(400, 'This login is over', `Your TV was logged out meanwhile. ${again}`)
const loginOver = page(400, 'This login is over', `It took too long, or was used already. ${again}`)
const codeOver = page(400, 'This code is over', `It has expired. ${again}`)
const notAsserted = page(
  400,
  'Your provider did not confirm this login',
  `What came back from it cannot be trusted. ${again}`,
)
