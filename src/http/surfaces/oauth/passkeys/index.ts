/**
 * Passkeys of people: to log in with at `/login`, and to add and remove at `/devices/passkeys`. It
 * owns who may do that; the ceremonies are `http/passkeys.ts`, and what ends with a passkey is the
 * core's. Apart from `/devices` because it asks for a fresh login: a person who finds a browser
 * open can end sessions there, and gets no way back in here.
 */
import { refuse } from '../../../../domain/failure.ts'
import type { Passkey } from '../../../../domain/passkey.ts'
import type { Subject } from '../../../../domain/identity.ts'
import { readForm } from '../../../body.ts'
import type { Answer, SurfaceRequest } from '../../../surface.ts'
import { refuseAllButPages, refuseOtherPages } from '../../../own-origin.ts'
import { applyPasskeyForm, challengeToRegister } from '../../../passkey-service.ts'
import { findSignOn, formToken, isOwnForm, type SignOn } from '../browser.ts'
import { nameOfDevice } from '../devices/page.ts'
import { loginPath, showInteraction } from '../interaction.ts'
import { personOf } from '../person.ts'
import type { OAuthService } from '../service.ts'
import { wordsFor } from '../words.ts'
import { passkeysPage, passkeysPath } from './page.ts'

/** For how long after a login a person may change their passkeys. */
const FRESH_MS = 10 * 60_000

const FORM = 'passkeys'

/**
 * Whose passkey has signed; those of operators are not taken here.
 *
 * @throws {Refusal} `credentials_invalid`; `account_disabled` only where the signature was right.
 */
export async function authenticateByPasskey(
  { core, passkeys }: OAuthService,
  request: SurfaceRequest,
  response: string,
): Promise<{ readonly subject: Subject; readonly passkey: Passkey }> {
  const passkey = await passkeys.authenticate(request, response)
  const subject = await core.subjects.find({ by: 'id', value: passkey.holder })
  if (subject === undefined) return refuse({ kind: 'credentials_invalid' })
  if (subject.status === 'disabled') return refuse({ kind: 'account_disabled' })
  return { subject, passkey }
}

/** `GET /devices/passkeys`: the login page for a person whose login is not fresh. */
export async function showPasskeys(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  const signOn = await freshSignOn(service, request)
  return signOn === undefined ? askWho(service, request) : list(service, request, signOn, 200)
}

/** `POST /devices/passkeys/new`: a challenge for a person whose login is fresh. */
export async function askToRegister(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseAllButPages(request)
  const signOn = await freshSignOn(service, request)
  if (signOn === undefined) return refuse({ kind: 'credentials_missing' })
  const name = await personOfSignOn(service, signOn)
  return challengeToRegister(service, request, { holder: signOn.subjectId, name })
}

/** `POST /devices/passkeys`: keeps what the browser made, or removes one by its id. */
export async function changePasskeys(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const signOn = await freshSignOn(service, request)
  if (signOn === undefined) return askWho(service, request)
  if (!isOwnForm(service, request, FORM, readForm(request))) {
    return refuse({ kind: 'forbidden', reason: 'the form is not of this login' })
  }
  const { sid, subjectId } = signOn
  const outcome = await applyPasskeyForm(service, request, {
    holder: subjectId,
    name: await personOfSignOn(service, signOn),
    actor: `subject:${subjectId}`,
    isStillLoggedIn: async () => (await findSignOn(service, request))?.sid === sid,
  })
  if (outcome === 'failed') return list(service, request, signOn, 400)
  return { status: 303, headers: { location: passkeysPath } }
}

async function list(
  service: OAuthService,
  request: SurfaceRequest,
  signOn: SignOn,
  status: 200 | 400,
): Promise<Answer> {
  const { core, passkeys } = service
  const words = wordsFor(request)
  const token = formToken(service, request, FORM)
  return passkeysPage(status, words, {
    person: await personOfSignOn(service, signOn),
    held: await core.passkeys.list(signOn.subjectId),
    isPossible: passkeys.isPossible,
    token: token ?? refuse({ kind: 'credentials_missing' }),
    newName: nameOfDevice(words, request.header('user-agent')),
  })
}

async function freshSignOn(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<SignOn | undefined> {
  const signOn = await findSignOn(service, request)
  const isFresh = signOn !== undefined && service.clock.nowMs() - signOn.authTimeMs <= FRESH_MS
  return isFresh ? signOn : undefined
}

function askWho(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  return showInteraction(service, request, loginPath, { kind: 'page', path: passkeysPath })
}

async function personOfSignOn({ core }: OAuthService, { subjectId }: SignOn): Promise<string> {
  const subject = await core.subjects.find({ by: 'id', value: subjectId })
  return subject === undefined ? subjectId : personOf(subject)
}
