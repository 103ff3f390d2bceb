/**
 * The steps of the login and consent page: a password, a one-time password where the person has
 * asked for one, and the way back to the client.
 */
import { digest } from '../../../core/handles.ts'
import { defined } from '../../../domain/defined.ts'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import type { Generations } from '../../../domain/generation.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Call } from '../../declared-route.ts'
import { withParameters } from '../../redirect-uri.ts'
import type { Responses } from '../../responses.ts'
import { anyText, lenient, optional, text, type Schema } from '../../schema.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { generationsOf, issueCode, takeAuthorization, type Authorization } from './authorize.ts'
import {
  authenticate,
  authenticateByOtp,
  mayEnter,
  sendLoginOtp,
  type LoginCommand,
} from './login.ts'
import { renderForm, renderNotice } from './page-html.ts'
import { isSixDigits } from './parse.ts'
import { consentUrl, lockedMessage } from './render.ts'
import type { BaanxService } from './service.ts'

const STEP = 'baanx-page-step'
/** The authorization is over. */
export const expired: Failure = { kind: 'not_found' }

/** One look at the page. */
export interface Visit {
  readonly token: string
  readonly authorization: Authorization
  readonly problem?: string
  readonly status?: number
  /** Handle of the second step, once the password was right. */
  readonly step?: string
}

/** @throws {Refusal} `not_found`: the client is gone or disabled. */
export async function showForm(
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

const otpCode = text(1024, { description: 'Six digits' }, isSixDigits)

interface PageForm extends Partial<LoginCommand> {
  readonly token: string
  readonly decision?: string
  /** Of the second step. */
  readonly step?: string
  readonly otpCode?: string
}

export const pageForm: Schema<PageForm> = lenient<PageForm>({
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

/** @returns The way back to the client, with an error. */
export async function deny(
  service: BaanxService,
  { token, authorization }: Visit,
): Promise<Answer> {
  if (!(await takeAuthorization(service, token))) return refuse(expired)
  const { redirectUri, state } = authorization
  return seeOther(withParameters(redirectUri, { error: 'access_denied', state }))
}

/**
 * @returns The way back to the client with a code, the form of the second step, or the same form
 *   with what to correct.
 * @throws {Refusal} What the person cannot correct.
 */
export async function allow(service: BaanxService, call: PageCall, visit: Visit): Promise<Answer> {
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
