/**
 * The login and consent page to which initiate leads: a person logs in, allows or denies, and the
 * browser goes back to the client with a code or an error (RFC 6749, section 4.1.2). It sets no
 * cookie; what ties a form to its authorization is the handle in the form, so a forged form can do
 * no more than the link could.
 */
import { defined } from '../../../domain/defined.ts'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import type { Generations } from '../../../domain/generation.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Call } from '../../declared-route.ts'
import type { Answer, SurfaceRequest, Route } from '../../surface.ts'
import type { AnyResponse, Responses } from '../../responses.ts'
import { anyText, fields, lenient, optional, text } from '../../schema.ts'
import {
  findAuthorization,
  generationsOf,
  issueCode,
  takeAuthorization,
  type Authorization,
} from './authorize.ts'
import {
  authenticate,
  authenticateByOtp,
  mayEnter,
  sendLoginOtp,
  type LoginCommand,
} from './login.ts'
import { renderForm, renderNotice } from './page-html.ts'
import { isSixDigits } from './parse.ts'
import { withParameters } from '../../redirect-uri.ts'
import { consentUrl, lockedMessage } from './render.ts'
import { digest } from '../../../core/handles.ts'
import type { BaanxService } from './service.ts'
import { route } from './wire.ts'

/** Path of the page, before the prefix. */
export const pagePath = '/v1/auth/oauth/authorize/page'

const STEP = 'baanx-page-step'
const expired: Failure = { kind: 'not_found' }

export function pageRoutes(service: BaanxService): readonly Route[] {
  return [showRoute(service), submitRoute(service)]
}

const html = (description: string): AnyResponse => ({ description, type: 'text/html' })

function showRoute(service: BaanxService): Route {
  return route(
    {
      method: 'GET',
      path: pagePath,
      alsoHead: true,
      summary: 'The login and consent page',
      query: fields({ token: optional(text(2048, { example: 'q83vEjRW…' })) }),
      responses: {
        200: html('The form'),
        404: html('The authorization is over'),
        default: html('Any other refusal'),
      },
    },
    async (call) => {
      const token = call.query('token') ?? ''
      const authorization = await findAuthorization(service, token)
      if (authorization === undefined) return refuse(expired)
      return showForm(service, call.request, { token, authorization })
    },
  )
}

interface Visit {
  readonly token: string
  readonly authorization: Authorization
  readonly problem?: string
  readonly status?: number
  /** Handle of the second step, once the password was right. */
  readonly step?: string
}

async function showForm(
  service: BaanxService,
  request: SurfaceRequest,
  visit: Visit,
): Promise<Answer> {
  const { authorization, token, problem, step, status } = visit
  const client = await service.core.clients.find({ by: 'id', value: authorization.clientId })
  if (client === undefined || client.status === 'disabled') return refuse(expired)
  return renderForm(
    {
      action: request.path,
      token,
      clientName: client.name || client.key,
      redirectUri: authorization.redirectUri,
      problem,
      otpStep: step,
    },
    status,
  )
}

/** A decision, with credentials where it is to allow. */
function submitRoute(service: BaanxService): Route {
  return route(
    {
      method: 'POST',
      path: pagePath,
      summary: 'The form of the login and consent page',
      body: pageForm,
      bodyType: 'form',
      responses: {
        200: html('A one-time password is needed'),
        303: { description: 'Back to the client, with a code or an error' },
        400: html('Wrong credentials'),
        403: html('Locked, disabled, or sent from another site'),
        404: html('The authorization is over'),
        422: html('A field is missing'),
        429: html('Too many calls'),
        default: html('Any other refusal'),
      },
    },
    async (call) => {
      const site = call.request.header('sec-fetch-site')
      if (site !== undefined && site !== 'same-origin') {
        return refuse({ kind: 'forbidden', reason: 'the form was sent from another site' })
      }
      const token = call.body('token')
      const authorization = await findAuthorization(service, token)
      if (authorization === undefined) return refuse(expired)
      return call.body('decision') === 'deny'
        ? deny(service, { token, authorization })
        : allow(service, call, { token, authorization })
    },
  )
}

const otpCode = text(1024, { description: 'Six digits' }, isSixDigits)

interface PageForm extends Partial<LoginCommand> {
  readonly token: string
  readonly decision?: string
  /** Of the second step. */
  readonly step?: string
  readonly otpCode?: string
}

const pageForm = lenient<PageForm>({
  token: text(1024),
  decision: optional(anyText({ description: '`allow` or `deny`' })),
  step: optional(text(1024)),
  email: optional(text(320)),
  password: optional(text(1024)),
  otpCode: optional(otpCode),
})

type PageCall = Pick<Call<undefined, PageForm, Responses>, 'request' | 'body'>

/** @throws {Refusal} `missing_parameter`, `invalid_parameter`. */
function required(call: PageCall, parameter: 'email' | 'password' | 'otpCode'): string {
  return call.body(parameter) ?? refuse({ kind: 'missing_parameter', parameter })
}

function readLogin(call: PageCall): LoginCommand {
  const otp = call.body('otpCode')
  return {
    email: required(call, 'email'),
    password: required(call, 'password'),
    ...defined({ otpCode: otp }),
  }
}

async function deny(service: BaanxService, { token, authorization }: Visit): Promise<Answer> {
  if (!(await takeAuthorization(service, token))) return refuse(expired)
  const { redirectUri, state } = authorization
  return seeOther(withParameters(redirectUri, { error: 'access_denied', state }))
}

async function allow(service: BaanxService, call: PageCall, visit: Visit): Promise<Answer> {
  const step = call.body('step')
  try {
    return step === undefined
      ? await firstStep(service, visit, call)
      : await secondStep(service, visit, call, step)
  } catch (error) {
    const problem = error instanceof Refusal ? problemOf(error.failure) : undefined
    if (problem === undefined) throw error
    const again = step === undefined ? {} : { step }
    return showForm(service, call.request, { ...visit, ...again, problem, status: 400 })
  }
}

/** A mistake that the person can correct; undefined for what is answered as a failure. */
function problemOf(failure: Failure): string | undefined {
  switch (failure.kind) {
    case 'credentials_invalid':
    case 'missing_parameter':
    case 'invalid_parameter':
      return 'That did not work. Check what you typed and try again.'
    case 'otp_invalid':
      return 'Those are not the right digits.'
    case 'otp_expired':
      return 'Those digits have expired. Start again to get new ones.'
    default:
      return undefined
  }
}

async function firstStep(service: BaanxService, visit: Visit, call: PageCall): Promise<Answer> {
  const { request } = call
  const authentication = await authenticate(service, readLogin(call), request.clientAddress)
  if (authentication.kind === 'locked') return showLocked(service, request, visit)
  const { subject } = authentication
  const generations = await generationsOf(service, subject.id, visit.authorization.clientId)
  // Looked at behind the counters: a password that changes later raises them, and ends the code.
  const now = await service.core.subjects.find({ by: 'id', value: subject.id })
  if (now?.passwordHash !== subject.passwordHash) return refuse({ kind: 'credentials_invalid' })
  return authentication.kind === 'otp_required'
    ? askForOtp(service, request, visit, subject, generations)
    : finish(service, visit, subject, generations)
}

/** What was proved, for as long as the one-time password is missing. */
interface Step {
  readonly subjectId: string
  /** Digest of the authorization's handle: a step belongs to one visit. */
  readonly authorization: string
  /** Digest of the hash of the password that was right. */
  readonly password: string
  /** The counters at that time: a code opens nothing that was ended since then. */
  readonly generations: Generations
}

async function askForOtp(
  service: BaanxService,
  request: SurfaceRequest,
  visit: Visit,
  subject: Subject,
  generations: Generations,
): Promise<Answer> {
  await sendLoginOtp(service, subject.id, request.clientAddress)
  const proved: Step = {
    subjectId: subject.id,
    authorization: digest(visit.token),
    password: digest(subject.passwordHash ?? ''),
    generations,
  }
  const step = await service.core.handles.issue({
    kind: STEP,
    value: { ...proved },
    lifetimeMs: service.settings.otpLifetimeMs,
  })
  return showForm(service, request, { ...visit, step })
}

async function secondStep(
  service: BaanxService,
  visit: Visit,
  call: PageCall,
  step: string,
): Promise<Answer> {
  const { handles, subjects } = service.core
  const found = await handles.find(STEP, step)
  if (found === undefined) return refuse(expired)
  const { subjectId, authorization, password, generations } = found as unknown as Step
  const subject = await subjects.find({ by: 'id', value: subjectId })
  if (subject === undefined || password !== digest(subject.passwordHash ?? '')) {
    return refuse(expired)
  }
  if (authorization !== digest(visit.token)) return refuse(expired)
  const { request } = call
  const code = required(call, 'otpCode')
  const authentication = await authenticateByOtp(service, subject, code, request.clientAddress)
  return authentication.kind === 'locked'
    ? showLocked(service, request, visit)
    : finish(service, visit, subject, generations)
}

function showLocked(service: BaanxService, request: SurfaceRequest, visit: Visit): Promise<Answer> {
  return showForm(service, request, { ...visit, problem: lockedMessage, status: 403 })
}

async function finish(
  service: BaanxService,
  { token, authorization }: Visit,
  subject: Subject,
  generations: Generations,
): Promise<Answer> {
  if (!mayEnter(subject)) return renderNotice(403, 'Not yet', 'Your registration is not complete.')
  if (!(await takeAuthorization(service, token))) return refuse(expired)
  const code = await issueCode(service, authorization, subject.id, generations)
  return seeOther(consentUrl({ authorization, code }))
}

function seeOther(location: string): Answer {
  return { status: 303, headers: { location, 'referrer-policy': 'no-referrer' } }
}

/** A failure of the page, for people. The status is what the API would answer. */
export function renderPageFailure(failure: Failure, { status, headers }: Answer): Answer {
  const [title, text] = noticeOf(failure)
  const notice = renderNotice(status, title, text)
  const { 'content-type': _json, ...kept } = headers ?? {}
  return { ...notice, headers: { ...kept, ...notice.headers } }
}

function noticeOf(failure: Failure): readonly [string, string] {
  switch (failure.kind) {
    case 'not_found':
      return ['This link is no longer good', 'Go back to the application and start again.']
    case 'rate_limited':
      return ['Too many requests', 'Wait a minute and try again.']
    case 'account_disabled':
      return ['Your account has been disabled', 'Ask support for help.']
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
    case 'internal':
      return ['That did not work', 'Nothing was changed. Try again in a moment.']
    default:
      return ['That did not work', 'Go back to the application and start again.']
  }
}
