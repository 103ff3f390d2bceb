/** `/login` and `/login/consent`: what a person is asked, and what comes of the answer. */
import { createHash } from 'node:crypto'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import { normalIdentifier } from '../../../domain/identifiers.ts'
import type { Subject } from '../../../domain/identity.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { senderOf } from '../../own-origin.ts'
import { sendError, type Authorization } from './authorization.ts'
import { proceed } from './authorize.ts'
import { findSignOn, signOn, type SignedOn } from './browser.ts'
import { findInteraction, takeInteraction, type Interaction } from './interaction.ts'
import { consentPage, loginPage, noticePage } from './pages.ts'
import type { OAuthService } from './service.ts'
import { wordsFor, type Words } from './words.ts'

/** `GET /login`. */
export async function showLogin(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const interaction = await ofQuery(service, request)
  const { loginHint = '' } = wishesOf(interaction)
  return loginForm(request, interaction, { status: 200, username: loginHint, problem: undefined })
}

/** What a client wishes of the page. */
function wishesOf(
  purpose: Interaction,
): Partial<Pick<Authorization, 'loginHint' | 'uiLocales' | 'redirectUri'>> {
  return purpose.kind === 'authorization' ? purpose.authorization : {}
}

function loginForm(
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
  const { interaction, client } = login
  return loginPage(status, { words, interaction, clientName: client?.name, redirectUri, ...rest })
}

/** `POST /login`: name and password, or "cancel". */
export async function submitLogin(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const { form, interaction } = await ofForm(service, request)
  if (form.get('decision') === 'cancel') return decline(service, request, interaction)
  const username = form.get('username') ?? ''
  try {
    const subject = await checkPassword(service, request, username, form.get('password') ?? '')
    const signedOn = await signOn(service, request, subject, 'password')
    return await goOn(service, request, interaction, signedOn)
  } catch (error) {
    const words = wordsFor(request, wishesOf(interaction).uiLocales)
    const again = error instanceof Refusal ? problemOf(error.failure, words) : undefined
    if (again === undefined) throw error
    return loginForm(request, interaction, { ...again, username: username.slice(0, 256) })
  }
}

/** To what the login was for. */
async function goOn(
  service: OAuthService,
  request: SurfaceRequest,
  login: Interaction,
  signedOn: SignedOn,
): Promise<Answer> {
  const cookies = [signedOn.cookie]
  if (login.kind === 'authorization') {
    return proceed(service, request, { ...login, signOn: signedOn.signOn, cookies })
  }
  await takeInteraction(service, login.interaction)
  return { status: 303, headers: { location: login.path }, cookies }
}

/** What a person may mend; undefined for what is to be answered as a failure. */
function problemOf(
  failure: Failure,
  words: Words,
): { readonly status: number; readonly problem: string } | undefined {
  switch (failure.kind) {
    case 'credentials_invalid':
      return { status: 400, problem: words.wrongPassword }
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

/** The name by which pages address a person. */
export function personOf({ name, username, email, id }: Subject): string {
  return name || (username ?? email ?? id)
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
    return sendError(service, login.authorization, 'access_denied', 'the person declined')
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
  refuseOtherSites(request)
  const form = readForm(request)
  const interaction = await findInteraction(service, request, form.get('interaction') ?? '')
  return { form, interaction }
}

/**
 * Forms are those of our own pages (login CSRF). The cookie of the browser says so as well.
 *
 * @throws {Refusal} `forbidden`.
 */
export function refuseOtherSites(request: SurfaceRequest): void {
  if (senderOf(request) !== 'other') return
  refuse({ kind: 'forbidden', reason: 'the form was sent from another site' })
}
