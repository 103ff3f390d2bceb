/**
 * `/device` (RFC 8628, section 3.3): a person types the code that a device shows, logs in, and says
 * whether the device may come in. A link with the code in it only fills the form: each device is
 * confirmed by a person who sees which client it is (section 5.4).
 */
import { Refusal, refuse } from '../../../domain/failure.ts'
import { noticePage } from '../../form-page.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { withAdvice } from '../../problem.ts'
import { refuseOtherPages } from '../../own-origin.ts'
import { OAUTH, oauthClientOf, type OAuthClient } from '../../oauth-client.ts'
import { browserOf, findSignOn, isSameBrowser, type SignOn } from './browser.ts'
import { deviceWords } from './device-words.ts'
import { loginPath, showInteraction } from './interaction.ts'
import { deviceConsentPage, devicePage } from './pages.ts'
import { personOf } from './person.ts'
import type { OAuthService } from './service.ts'
import { wordsFor } from './words.ts'

export const deviceConfirmPath = '/device/confirm'

const CONFIRMATION = 'oauth-device-confirmation'
const MAX_CODE_TEXT = 32

/** A code that was typed and led to a device, in the browser where that was. */
interface Typed {
  readonly userCode: string
  readonly browser: string
}

/** `GET /device`: asks for the code. Nothing is looked up yet, so a link can guess nothing. */
export function showDevice(_service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const code = request.query.get('user_code') ?? ''
  return Promise.resolve(devicePage(200, wordsFor(request), { code: code.slice(0, MAX_CODE_TEXT) }))
}

/** `POST /device`: the code. Every one is counted, by the address. */
export async function submitDevice(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const code = (readForm(request).get('user_code') ?? '').slice(0, MAX_CODE_TEXT)
  const words = wordsFor(request)
  try {
    await service.userCodes.consume(request.clientAddress)
  } catch (error) {
    if (!(error instanceof Refusal) || error.failure.kind !== 'rate_limited') throw error
    const page = devicePage(429, words, { code, problem: words.tooMany })
    return withAdvice(page, error.failure)
  }
  const found = await findDevice(service, code)
  if (found === undefined) {
    return devicePage(400, words, { code, problem: deviceWords[words.lang].unknownCode })
  }
  const { browser, cookies } = browserOf(service, request)
  const confirmation = await service.core.handles.issue({
    kind: CONFIRMATION,
    value: { userCode: found.userCode, browser } satisfies Typed,
    lifetimeMs: service.options.loginLifetimeMs,
  })
  return { status: 303, headers: { location: confirmAt(confirmation) }, cookies }
}

function confirmAt(confirmation: string): string {
  return `${deviceConfirmPath}?confirmation=${confirmation}`
}

/** `GET /device/confirm`: the login page if needed, then the question. */
export async function showDeviceConsent(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  const confirmation = request.query.get('confirmation') ?? ''
  const { userCode, client, scopes } = await findTyped(service, request, confirmation)
  const signOn = await findSignOn(service, request)
  const lookup = signOn && ({ by: 'id', value: signOn.subjectId } as const)
  const subject = lookup && (await service.core.subjects.find(lookup))
  if (subject === undefined) {
    const purpose = { kind: 'page', path: confirmAt(confirmation), clientId: client.id } as const
    return showInteraction(service, request, loginPath, purpose)
  }
  return deviceConsentPage(wordsFor(request), {
    confirmation,
    clientName: client.name,
    scopes,
    person: personOf(subject),
    subjectId: subject.id,
    code: userCode,
  })
}

/** `POST /device/confirm`: "allow" or "deny". The first answer counts. */
export async function submitDeviceConsent(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const form = readForm(request)
  const confirmation = form.get('confirmation') ?? ''
  const { userCode, client, scopes } = await findTyped(service, request, confirmation)
  const isAllowed = form.get('decision') === 'allow'
  const signOn = isAllowed ? await findSignOn(service, request) : undefined
  // Another person may have logged in here since the page was shown: that person is asked.
  if (isAllowed && (signOn === undefined || form.get('subject') !== signOn.subjectId)) {
    return { status: 303, headers: { location: confirmAt(confirmation) } }
  }
  const decision = signOn
    ? await allowance(service, client, signOn, scopes)
    : ({ kind: 'denied' } as const)
  const { core } = service
  const isFirst = await core.devices.decide(OAUTH, userCode, decision)
  await core.handles.take(CONFIRMATION, confirmation)
  if (!isFirst) return refuse({ kind: 'not_found' })
  const words = wordsFor(request)
  const { allowed, allowedText, denied, deniedText } = deviceWords[words.lang]
  return isAllowed
    ? noticePage(200, words, allowed, allowedText)
    : noticePage(200, words, denied, deniedText)
}

/** What a person allows, as of now: what ends it before the device has asked, wins. */
async function allowance(
  { core }: OAuthService,
  client: OAuthClient,
  { sid, subjectId, authTimeMs, method }: SignOn,
  scopes: readonly string[],
) {
  const names = { subjectId, clientId: client.id, deviceKey: undefined }
  const generations = await core.sessions.generations(names)
  const context = { scope: scopes.join(' '), authTimeMs, method }
  return { kind: 'allowed', subjectId, generations, consentedIn: sid, context } as const
}

interface FoundDevice {
  readonly userCode: string
  readonly client: OAuthClient
  readonly scopes: readonly string[]
}

/** The device that waits under a code, where its client may still ask. */
async function findDevice(
  { core }: OAuthService,
  userCode: string,
): Promise<FoundDevice | undefined> {
  const found = await core.devices.find(OAUTH, userCode)
  const lookup = found && ({ by: 'id', value: found.clientId } as const)
  const registered = lookup && (await core.clients.find(lookup))
  const client = oauthClientOf(registered)
  if (found === undefined || client === undefined || registered?.status === 'disabled') {
    return undefined
  }
  const { userCode: readable, context } = found
  return { userCode: readable, client, scopes: context['scopes'] as readonly string[] }
}

/** @throws {Refusal} `not_found`: it is over, or was typed in another browser. */
async function findTyped(
  service: OAuthService,
  request: SurfaceRequest,
  confirmation: string,
): Promise<FoundDevice> {
  const typed = (await service.core.handles.find(CONFIRMATION, confirmation)) as unknown as
    Typed | undefined
  const isHere = typed !== undefined && isSameBrowser(service, request, typed.browser)
  const found = isHere ? await findDevice(service, typed.userCode) : undefined
  return found ?? refuse({ kind: 'not_found' })
}
