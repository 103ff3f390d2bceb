/** `/login` and `/login/consent`: what a person is asked, and what follows. */
import { createHash } from 'node:crypto'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import { normalIdentifier } from '../../../domain/identifiers.ts'
import type { Subject } from '../../../domain/identity.ts'
import { noticePage } from '../../form-page.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { withAdvice } from '../../problem.ts'
import { refuseOtherPages } from '../../own-origin.ts'
import { sendError, type Authorization } from './authorization.ts'
import { proceed } from './authorize.ts'
import { findSignOn, signOn, type Proved, type SignedOn } from './browser.ts'
import { devicesPath } from './devices/page.ts'
import { findInteraction, takeInteraction, type Interaction } from './interaction.ts'
import { consentPage, loginPage } from './pages.ts'
import { authenticateByPasskey } from './passkeys/index.ts'
import { passkeysPath } from './passkeys/page.ts'
import { personOf } from './person.ts'
import type { OAuthService } from './service.ts'
import { fill, wordsFor, type Words } from './words.ts'

/** `GET /login`. By itself, as people type it, it is for those who want to see their devices. */
export async function showLogin(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  if (!request.query.has('interaction')) return { status: 303, headers: { location: devicesPath } }
  const interaction = await ofQuery(service, request)
  const { loginHint = '' } = wishesOf(interaction)
  const view = { status: 200, username: loginHint, problem: undefined }
  return loginForm(service, request, interaction, view)
}

/** What a client wishes of the page. */
function wishesOf(
  purpose: Interaction,
): Partial<Pick<Authorization, 'loginHint' | 'uiLocales' | 'redirectUri'>> {
  return purpose.kind === 'authorization' ? purpose.authorization : {}
}

function loginForm(
  { passkeys }: OAuthService,
  request: SurfaceRequest,
  login: Interaction,
  more: {
    readonly status: number
    readonly username: string
    readonly problem: string | undefined
  },
): Answer {
  const { uiLocales, redirectUri } = wishesOf(login)
  const words = wordsFor(request, uiLocales)
  const { status, ...rest } = more
  const [{ interaction }, lead] = [login, leadOf(login, words)]
  const hasPasskeys = passkeys.isPossible
  return loginPage(status, { words, interaction, lead, redirectUri, hasPasskeys, ...rest })
}

/** What the person logs in for. */
function leadOf(login: Interaction, words: Words): string | undefined {
  if (login.client !== undefined) return fill(words.toContinue, { client: login.client.name })
  if (login.kind !== 'page') return undefined
  return { [devicesPath]: words.toSeeDevices, [passkeysPath]: words.toChangePasskeys }[login.path]
}

/** `POST /login`: name and password, what a passkey has signed, or "cancel". */
export async function submitLogin(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const { form, interaction } = await ofForm(service, request)
  if (form.get('decision') === 'cancel') return decline(service, request, interaction)
  const [username, passkey] = [form.get('username') ?? '', form.get('passkey')]
  try {
    const proved: Proved =
      passkey === null
        ? { subject: await checkPassword(service, request, username, form.get('password') ?? '') }
        : await authenticateByPasskey(service, request, passkey)
    const signedOn = await signOn(service, request, proved)
    return await goOn(service, request, interaction, signedOn)
  } catch (error) {
    const words = wordsFor(request, wishesOf(interaction).uiLocales)
    const wrong = passkey === null ? words.wrongPassword : words.wrongPasskey
    if (!(error instanceof Refusal)) throw error
    const again = problemOf(error.failure, words, wrong)
    if (again === undefined) throw error
    const shown = { ...again, username: username.slice(0, 256) }
    return withAdvice(loginForm(service, request, interaction, shown), error.failure)
  }
}

/** To what the login was for. */
async function goOn(
  service: OAuthService,
  request: SurfaceRequest,
  login: Interaction,
  signedOn: SignedOn,
): Promise<Answer> {
  const { cookies } = signedOn
  if (login.kind === 'authorization') {
    return proceed(service, request, { ...login, signOn: signedOn.signOn, cookies })
  }
  await takeInteraction(service, login.interaction)
  return { status: 303, headers: { location: login.path }, cookies }
}

/** A mistake that the person can correct; undefined for what is answered as a failure. */
function problemOf(
  failure: Failure,
  words: Words,
  wrong: string,
): { readonly status: number; readonly problem: string } | undefined {
  switch (failure.kind) {
    case 'credentials_invalid':
      return { status: 400, problem: wrong }
    case 'rate_limited':
      return { status: 429, problem: words.tooMany }
    case 'account_disabled':
      return { status: 403, problem: words.disabled }
    default:
      return undefined
  }
}

/** Every guess is counted, by the account that it is at. */
async function checkPassword(
  { core, guesses }: OAuthService,
  { clientAddress }: SurfaceRequest,
  name: string,
  password: string,
): Promise<Subject> {
  const by = name.includes('@') ? 'email' : 'username'
  const account = createHash('sha256').update(normalIdentifier(by, name) ?? name)
  const key = account.digest('base64url')
  await guesses.consume(key, clientAddress)
  const subject = await core.authenticateSubject({ by, value: name }, password)
  await guesses.succeeded(key, clientAddress)
  return subject
}

/** `GET /login/consent`. */
export async function showConsent(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const { interaction, client, authorization } = forClient(await ofQuery(service, request))
  const found = await findSignOn(service, request)
  const lookup = found && ({ by: 'id', value: found.subjectId } as const)
  const subject = lookup && (await service.core.subjects.find(lookup))
  if (subject === undefined) return refuse({ kind: 'not_found' })
  const { uiLocales, redirectUri, scopes } = authorization
  const words = wordsFor(request, uiLocales)
  const view = { words, interaction, clientName: client.name, redirectUri, scopes }
  return consentPage({ ...view, person: personOf(subject), subjectId: subject.id })
}

/** `POST /login/consent`: "allow" or "deny". */
export async function submitConsent(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  const { form, ...rest } = await ofForm(service, request)
  const interaction = forClient(rest.interaction)
  const found = await findSignOn(service, request)
  if (form.get('decision') !== 'allow') return decline(service, request, interaction)
  // Another person may have logged in here since the page was shown: that person is asked.
  const isSame = found !== undefined && form.get('subject') === found.subjectId
  const consent = isSame ? ({ hasConsented: true } as const) : {}
  return proceed(service, request, { ...interaction, signOn: found, ...consent })
}

function forClient(login: Interaction): Extract<Interaction, { kind: 'authorization' }> {
  return login.kind === 'authorization' ? login : refuse({ kind: 'not_found' })
}

async function decline(
  service: OAuthService,
  request: SurfaceRequest,
  login: Interaction,
): Promise<Answer> {
  if (!(await takeInteraction(service, login.interaction))) return refuse({ kind: 'not_found' })
  if (login.kind === 'authorization') {
    const signOn = await findSignOn(service, request)
    const why = 'the person declined'
    return sendError(service, login.authorization, 'access_denied', why, signOn)
  }
  const words = wordsFor(request)
  return noticePage(200, words, words.notLoggedIn, words.nothingChanged)
}

function ofQuery(service: OAuthService, request: SurfaceRequest): Promise<Interaction> {
  return findInteraction(service, request, request.query.get('interaction') ?? '')
}

async function ofForm(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<{ readonly form: URLSearchParams; readonly interaction: Interaction }> {
  refuseOtherPages(request)
  const form = readForm(request)
  const interaction = await findInteraction(service, request, form.get('interaction') ?? '')
  return { form, interaction }
}
